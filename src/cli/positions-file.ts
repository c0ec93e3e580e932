/** Positions that an earlier command printed: the document of `digest` or `profile`, or its `positions` alone. */
import type { Positions } from '../store/queries/profiles.js';
import { isObject, readJson } from './input-file.js';

const HINT =
  'Use what `tipstream digest --json` or `tipstream profile USER --json` printed, or its "positions": {topic: {partition: next_offset}}.';

/** `path` - is stdin. Throws invalid_argument naming `flag` and what is wrong. */
export async function readPositions(path: string, flag: string, signal: AbortSignal): Promise<Positions> {
  const { json, wrong } = await readJson(path, { name: `${flag} ${path}`, hint: HINT, signal });
  const positions = isObject(json) && 'positions' in json ? json.positions : json;
  if (!isObject(positions) || Object.keys(positions).length === 0) throw wrong('names no topic');
  for (const [topic, offsets] of Object.entries(positions)) {
    if (!isObject(offsets)) throw wrong(`${topic}: is not an object of partitions`);
    for (const [partition, offset] of Object.entries(offsets)) {
      if (!/^\d{1,6}$/.test(partition)) throw wrong(`${topic}: ${JSON.stringify(partition)} is not a partition`);
      if (!Number.isSafeInteger(offset) || (offset as number) < 0)
        throw wrong(`${topic} partition ${partition}: ${JSON.stringify(offset)} is not an offset`);
    }
  }
  return positions as Positions;
}
