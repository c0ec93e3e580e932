/** Small files that are read by other processes: the whole old text or the whole new one, after a power failure too. */
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writingIn } from './data-directory.js';
import { PRIVATE_FILE_MODE } from '../../private-file.js';

/** Throws disk_full. */
export function writeWhole(path: string, text: string): void {
  write(path, text, renameSync);
}

/** false: there is such a file, and it stays as it is. Throws disk_full. */
export function writeFirst(path: string, text: string): boolean {
  let isFirst = true;
  write(path, text, (temporary) => {
    try {
      linkSync(temporary, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      isFirst = false;
    }
    rmSync(temporary);
  });
  return isFirst;
}

function write(path: string, text: string, publish: (temporary: string, path: string) => void): void {
  const directory = dirname(path);
  const temporary = `${path}.new`;
  writingIn(directory, () => {
    try {
      const file = openSync(temporary, 'w', PRIVATE_FILE_MODE);
      try {
        writeFileSync(file, text);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      publish(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    syncDirectory(directory);
  });
}

/** Makes what was created, renamed or removed in a folder durable. */
export function syncDirectory(directory: string): void {
  let handle: number;
  try {
    handle = openSync(directory, 'r');
  } catch (error) {
    // Windows opens no folders; there a rename is durable by itself
    if (['EISDIR', 'EPERM', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
    throw error;
  }
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
