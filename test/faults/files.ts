/** Files of a world, as the operating system would have them. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

/** In memory where there is such a file system: crashes are those of a process, and waiting for a disk proves nothing. */
const PARENT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export const newDirectory = (prefix: string): string => mkdtempSync(join(PARENT, prefix));

export function filesIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** All but SQLite's shared memory, which no process inherits. */
export function copyFiles(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) copyFiles(join(from, entry.name), join(to, entry.name));
    else if (!entry.name.endsWith('-shm')) copyFileSync(join(from, entry.name), join(to, entry.name));
  }
}

/** As the process does that looks for a forgotten user's id, and without taking time. */
export function filesHolding(directory: string, bytes: Buffer) {
  const files = filesIn(directory);
  const found = files.filter((path) => readFileSync(path).includes(bytes)).map((path) => relative(directory, path));
  return Promise.resolve({ searched: files.length, found, inLongerWords: [] });
}

/** Cuts each write-ahead log of a state file to what `keep` says of its size. */
export function tearWriteAheadLogs(directory: string, keep: (bytes: number) => number, note: (line: string) => void): void {
  for (const path of filesIn(join(directory, 'state'))) {
    if (!path.endsWith('-wal')) continue;
    const { size } = statSync(path);
    const kept = keep(size);
    note(`  ${path.slice(directory.length + 1)}: ${kept} of ${size} bytes are left`);
    truncateSync(path, kept);
  }
}

/** One partition's file, with what SQLite keeps beside it, in every generation. */
export function deleteStateFiles(directory: string, partition: number): void {
  const name = `partition-${String(partition).padStart(4, '0')}.db`;
  for (const path of filesIn(join(directory, 'state'))) if (path.includes(name)) rmSync(path);
}
