/** A file that appears whole or not at all: written beside its place under another name, then put there in one step. */
import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TipstreamError } from '../errors.js';

export interface OutputFile {
  /** Write here. */
  readonly temporary: string;
  /** Puts it in its place. Throws invalid_argument when something has come to be there meanwhile. */
  publish(): void;
  /** Removes what was written, unless it is published. */
  discard(): void;
}

/** Throws invalid_argument when there is something at `path` already and `force` does not allow for it. */
export function outputFile(path: string, force: boolean): OutputFile {
  const directory = dirname(path);
  if (!existsSync(directory)) throw refused(path, `there is no folder ${directory}`, 'make it first');
  if (existsSync(path)) {
    if (!statSync(path).isFile()) throw refused(path, 'it is not a plain file', 'name a file; without --out the data goes to stdout');
    if (!force) throw taken(path);
  }
  const temporary = join(directory, `.${basename(path)}.${process.pid}.tmp`);
  rmSync(temporary, { force: true });
  const discard = (): void => {
    process.off('exit', discard);
    rmSync(temporary, { force: true });
  };
  process.on('exit', discard); // a second Ctrl-C ends the process at once
  return {
    temporary,
    publish() {
      synchronise(temporary);
      if (force) renameSync(temporary, path);
      else linkOrRename(temporary, path);
      discard();
    },
    discard,
  };
}

/** A link, unlike a rename, fails when its name is taken; some file systems have none. */
function linkOrRename(temporary: string, path: string): void {
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' || existsSync(path)) throw taken(path);
    renameSync(temporary, path);
  }
}

function synchronise(path: string): void {
  const descriptor = openSync(path, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const taken = (path: string): TipstreamError => refused(path, 'it exists', 'choose another name, or replace it with --force');

function refused(path: string, why: string, hint: string): TipstreamError {
  return new TipstreamError('invalid_argument', `cannot write ${path}: ${why}`, { hint, details: { file: path } });
}
