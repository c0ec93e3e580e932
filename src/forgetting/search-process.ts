/**
 * Looks for bytes in all files of a folder, in a process of its own: whoever closes a file gives up all locks that their process has on it
 * (POSIX), those of SQLite on the log and on state files too.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** As a string, because it runs without anything else of tipstream: from dist/ as from the sources. */
const SCRIPT = `
const { closeSync, openSync, readdirSync, readSync } = require('node:fs');
const { join, relative } = require('node:path');
const [directory, hex] = process.argv.slice(1);
const bytes = Buffer.from(hex, 'hex');
const CHUNK = 1024 * 1024;
const isGone = (error) => error.code === 'ENOENT';
function* filesIn(folder) {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (isGone(error)) return;
    throw error;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (entry.isFile()) yield path;
  }
}
function holds(path) {
  let file;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
  const chunk = Buffer.alloc(CHUNK + bytes.length);
  try {
    for (let kept = 0; ; ) {
      const read = readSync(file, chunk, kept, CHUNK, null);
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
let searched = 0;
const found = [];
for (const path of filesIn(directory)) {
  searched++;
  if (holds(path)) found.push(relative(directory, path));
}
process.stdout.write(JSON.stringify({ searched, found }));
`;

const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface FoundBytes {
  /** Files looked into. */
  readonly searched: number;
  /** Paths within the folder. */
  readonly found: readonly string[];
}

/** Throws what reading throws. */
export async function searchFiles(directory: string, bytes: Buffer): Promise<FoundBytes> {
  const args = ['--eval', SCRIPT, '--', directory, bytes.toString('hex')];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: MOST_OUTPUT_BYTES, env: {} });
  return JSON.parse(stdout) as FoundBytes;
}
