/** Files of a data directory that hold a user, besides the log and the live state: found, and removed where they are tipstream's own. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { bytesFromJson } from '../producer/json-form.js';
import { currentGeneration, deadLetterDirectory, generations, removeGeneration } from '../store/directory/layout.js';
import { syncDirectory } from '../store/directory/write-whole.js';
import { isAbout, type Whom } from './about.js';
import type { FoundRecords } from './records.js';

const RECORD_FILE = '.record.ndjson';
const VALUE_FILE = '.bin';
const CHUNK_BYTES = 1024 * 1024;
/** A shorter id would be found in everything. */
export const SHORTEST_SEARCHED_BYTES = 4;

/** Names of the files in the folder dead-letters that hold a record of the user. `found`: of the log. */
export function deadLetterFilesOf(dataDirectory: string, whom: Whom, found: readonly FoundRecords[]): string[] {
  const directory = deadLetterDirectory(dataDirectory);
  if (!existsSync(directory)) return [];
  const sources = new Set(found.flatMap(({ topic, partition, offsets }) => offsets.map((offset) => `${topic}-${partition}-${offset}`)));
  return readdirSync(directory).filter((name) => {
    if (name.endsWith(VALUE_FILE))
      return sources.has(name.slice(0, -VALUE_FILE.length)) || isAbout(whom, { key: null, value: readFileSync(join(directory, name)) });
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

export interface FilesWithBytes {
  /** Files looked into. */
  readonly searched: number;
  /** Paths within the data directory. */
  readonly found: readonly string[];
  /** Why nothing was searched; null: it was. */
  readonly why: string | null;
}

/** Looks for the bytes of the id in every file of the data directory, whatever the file is. */
export function filesWithBytes(dataDirectory: string, userId: string | undefined): FilesWithBytes {
  const bytes = userId === undefined ? undefined : Buffer.from(userId);
  if (bytes === undefined) return { searched: 0, found: [], why: 'only the digest of the id was known' };
  if (bytes.length < SHORTEST_SEARCHED_BYTES)
    return { searched: 0, found: [], why: `an id of fewer than ${SHORTEST_SEARCHED_BYTES} bytes is in everything` };
  const found: string[] = [];
  let searched = 0;
  for (const path of filesIn(dataDirectory)) {
    searched++;
    if (holds(path, bytes)) found.push(relative(dataDirectory, path));
  }
  return { searched, found, why: null };
}

function* filesIn(directory: string): Generator<string> {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (entry.isFile()) yield path;
  }
}

function holds(path: string, bytes: Buffer): boolean {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false; // removed since it was listed
    throw error;
  }
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES + bytes.length);
    let kept = 0;
    for (;;) {
      const read = readSync(file, chunk, kept, CHUNK_BYTES, null);
      if (read === 0) return false;
      const end = kept + read;
      if (chunk.subarray(0, end).includes(bytes)) return true;
      kept = Math.min(bytes.length - 1, end);
      chunk.copyWithin(0, end - kept, end);
    }
  } finally {
    closeSync(file);
  }
}
