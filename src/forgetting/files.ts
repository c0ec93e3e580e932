/** Files of a data directory that hold a user, besides the log and the live state: found, and removed where they are tipstream's own. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bytesFromJson } from '../producer/json-form.js';
import { currentGeneration, deadLetterDirectory, generations, removeGeneration } from '../store/directory/layout.js';
import { syncDirectory } from '../store/directory/write-whole.js';
import { isAbout, SHORTEST_SEARCHED_BYTES, type Whom } from './about.js';
import type { FoundRecords } from './records.js';
import { searchFiles, type FoundBytes } from './search-process.js';

const RECORD_FILE = '.record.ndjson';
const VALUE_FILE = '.bin';

/** Names of the files in the folder dead-letters that hold a record of the user. `found`: of the log. */
export function deadLetterFilesOf(dataDirectory: string, whom: Whom, found: readonly FoundRecords[]): string[] {
  const directory = deadLetterDirectory(dataDirectory);
  if (!existsSync(directory)) return [];
  const sources = new Set(found.flatMap(({ topic, partition, offsets }) => offsets.map((offset) => `${topic}-${partition}-${offset}`)));
  return readdirSync(directory).filter((name) => {
    if (name.endsWith(VALUE_FILE))
      return (
        sources.has(name.slice(0, -VALUE_FILE.length)) || isAbout(whom, { key: null, value: readFileSync(join(directory, name)) }, true)
      );
    return name.endsWith(RECORD_FILE) && (sources.has(name.slice(0, -RECORD_FILE.length)) || isLineAbout(whom, join(directory, name)));
  });
}

function isLineAbout(whom: Whom, path: string): boolean {
  try {
    const { key, value } = JSON.parse(readFileSync(path, 'utf8')) as { readonly key: unknown; readonly value: unknown };
    return isAbout(whom, { key: bytesFromJson(key) ?? null, value: bytesFromJson(value) ?? null });
  } catch {
    return false; // no file of ours
  }
}

export function removeDeadLetterFiles(dataDirectory: string, names: readonly string[]): void {
  const directory = deadLetterDirectory(dataDirectory);
  for (const name of names) rmSync(join(directory, name), { force: true });
  if (names.length > 0) syncDirectory(directory);
}

/** Removes every generation but the live one; answers their names. A rebuild must not be under way. */
export function removeOtherGenerations(dataDirectory: string): string[] {
  const live = currentGeneration(dataDirectory);
  const others = generations(dataDirectory).filter((name) => name !== live);
  for (const name of others) removeGeneration(dataDirectory, name);
  return others;
}

export interface FilesWithBytes extends FoundBytes {
  /** Why it cannot be told from them; null: it can. */
  readonly why: string | null;
}

const NONE: FoundBytes = { searched: 0, found: [], inLongerWords: [] };

/**
 * Looks for the bytes of the id in every file of the data directory, whatever the file is. Of a short id it tells that it is nowhere; where
 * its bytes are, they can be chance.
 */
export async function filesWithBytes(dataDirectory: string, userId: string | undefined, search = searchFiles): Promise<FilesWithBytes> {
  if (userId === undefined) return { ...NONE, why: 'only the digest of the id was known, so they were not searched' };
  const bytes = Buffer.from(userId);
  const looked = await search(dataDirectory, bytes);
  if (bytes.length >= SHORTEST_SEARCHED_BYTES || looked.found.length === 0) return { ...looked, why: null };
  const where = looked.found.join(', ');
  const why = `the bytes of so short an id are in ${where}, which can be chance (it has fewer than ${SHORTEST_SEARCHED_BYTES} bytes)`;
  return { ...looked, found: [], why };
}
