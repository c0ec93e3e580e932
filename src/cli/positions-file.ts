/** Positions that an earlier command printed: the document of `digest` or `profile`, or its `positions` alone. */
import { readFileSync } from 'node:fs';
import { TipstreamError } from '../errors.js';
import type { Positions } from '../store/profiles.js';

const HINT = 'use what `tipstream digest --json` or `tipstream profile USER --json` printed, or its "positions": {topic: {partition: next_offset}}';

/** `path` - is stdin. Throws invalid_argument naming `flag` and what is wrong. */
export function readPositions(path: string, flag: string): Positions {
  const wrong = (what: string): TipstreamError => new TipstreamError('invalid_argument', `${flag} ${path}: ${what}`, { hint: HINT });
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw wrong(`cannot be read: ${(error as Error).message}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw wrong(`is not JSON: ${(error as Error).message}`);
  }
  const positions = isObject(json) && 'positions' in json ? json.positions : json;
  if (!isObject(positions) || Object.keys(positions).length === 0) throw wrong('names no topic');
  for (const [topic, offsets] of Object.entries(positions)) {
    if (!isObject(offsets)) throw wrong(`${topic}: is not an object of partitions`);
    for (const [partition, offset] of Object.entries(offsets)) {
      if (!/^\d{1,6}$/.test(partition)) throw wrong(`${topic}: ${JSON.stringify(partition)} is not a partition`);
      if (!Number.isSafeInteger(offset) || (offset as number) < 0) throw wrong(`${topic} partition ${partition}: ${JSON.stringify(offset)} is not an offset`);
    }
  }
  return positions as Positions;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
