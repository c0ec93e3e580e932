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
const isOfWord = (byte) => byte !== undefined && /[\\w-]/.test(String.fromCharCode(byte));
// 0: not at all, 1: within longer words alone, 2: as it is.
function holds(path) {
  let file;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (isGone(error)) return 0;
    throw error;
  }
  // What is kept of the piece before: a match that ended with it, and the byte before that.
  const most = bytes.length + 1;
  const chunk = Buffer.alloc(CHUNK + most);
  let held = 0;
  try {
    for (let kept = 0; ; ) {
      const read = readSync(file, chunk, kept, CHUNK, null);
      const piece = chunk.subarray(0, kept + read);
      for (let at = piece.indexOf(bytes); at !== -1; at = piece.indexOf(bytes, at + 1)) {
        const after = at + bytes.length;
        if ((at === 0 && kept === most) || (after === piece.length && read > 0)) continue;
        held = 1;
        if (!isOfWord(piece[at - 1]) && !isOfWord(piece[after])) return 2;
      }
      if (read === 0) return held;
      const end = piece.length;
      kept = Math.min(most, end);
      chunk.copyWithin(0, end - kept, end);
    }
  } finally {
    closeSync(file);
  }
}
let searched = 0;
const [found, inLongerWords] = [[], []];
for (const path of filesIn(directory)) {
  searched++;
  const held = holds(path);
  if (held > 0) (held === 2 ? found : inLongerWords).push(relative(directory, path));
}
process.stdout.write(JSON.stringify({ searched, found, inLongerWords }));
`;

const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface FoundBytes {
  /** Files looked into. */
  readonly searched: number;
  /** Paths within the folder. */
  readonly found: readonly string[];
  /** Of files in which a letter, a digit, _ or - stands right before or after the bytes, wherever they are: user-1 in user-10. */
  readonly inLongerWords: readonly string[];
}

/** Throws what reading throws. */
export async function searchFiles(directory: string, bytes: Buffer): Promise<FoundBytes> {
  const args = ['--eval', SCRIPT, '--', directory, bytes.toString('hex')];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: MOST_OUTPUT_BYTES, env: {} });
  return JSON.parse(stdout) as FoundBytes;
}
