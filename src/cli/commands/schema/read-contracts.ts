/** A release of the contracts, by the name of a file or of a folder. */
import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Contracts, TopicContract } from '../../../contracts/compatibility/check.js';
import { contractsIn } from '../../../contracts/compatibility/documents.js';
import { cannotRead, TipstreamError } from '../../../errors.js';
import { readJson } from '../../input-file.js';

const HINT = 'Give a JSON Schema, an AsyncAPI 3 document, or a folder of them, as `tipstream schema --out` writes it.';

export interface ReadContracts {
  readonly contracts: Contracts;
  /** One schema alone: it says nothing of other topics. */
  readonly isPart: boolean;
}

/** Throws not_found when it cannot be read, and invalid_argument when it is something else. */
export async function readContracts(path: string, signal: AbortSignal): Promise<ReadContracts> {
  const files = filesAt(path);
  const topics = new Map<string, TopicContract>();
  for (const file of files) {
    const { json, wrong } = await readJson(file, { hint: HINT, signal });
    const found = contractsIn(json, basename(file));
    if ('wrong' in found) throw wrong(found.wrong);
    for (const [topic, contract] of found) {
      if (topics.has(topic)) throw wrong(`is a second schema of ${topic}`);
      topics.set(topic, contract);
    }
  }
  return { contracts: topics, isPart: files.length === 1 && topics.size === 1 };
}

/** The AsyncAPI document says most; then schemas by their ending, those of a folder schemas/ too. */
function filesAt(path: string): readonly string[] {
  if (path === '-' || !isFolder(path)) return [path];
  const names = readdirSync(path).sort();
  if (names.includes('asyncapi.json')) return [join(path, 'asyncapi.json')];
  const schemas = names.filter((name) => name.endsWith('.schema.json'));
  if (schemas.length > 0) return schemas.map((name) => join(path, name));
  if (names.includes('schemas') && isFolder(join(path, 'schemas'))) return filesAt(join(path, 'schemas'));
  throw new TipstreamError('invalid_argument', `${path}: holds no contracts`, { hint: HINT });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw cannotRead(path, error, HINT);
  }
}
