/** A file that appears whole or not at all: written beside its place under another name, then put there in one step. */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { cannotWrite, TipstreamError } from '../errors.js';
import { PRIVATE_FILE_MODE } from '../private-file.js';
import { dataDirectoryAround, isOwnFile } from '../store/directory/own-files.js';

/** Bits of a mode that are not the owner's. */
const OTHERS = 0o077;
/** Whoever writes a file touches it more often than this. */
const SURELY_LEFT_MS = 3_600_000;

export interface OutputFile {
  /** For who writes it by other means than `write`. */
  readonly temporary: string;
  /** More of it, at its end. Throws output_failed. */
  write(data: string): void;
  /** Puts it in its place. Throws invalid_argument when something has come to be there meanwhile, and output_failed. */
  publish(): void;
  /** Removes what was written, unless it is published. */
  discard(): void;
}

/** Throws invalid_argument when there is a file at `named` already and no `force`, and output_failed where none can be written. */
export function outputFile(named: string, force: boolean): OutputFile {
  if (named === '') throw refused('invalid_argument', '""', 'the name is empty', 'Name a file.');
  // Of a link the file behind it is replaced, and the link stays.
  const path = existsSync(named) ? realpathSync(named) : named;
  const directory = dirname(path);
  if (!existsSync(directory)) throw refused('output_failed', named, `there is no folder ${directory}`, 'Make the folder first.');
  if (!mayWrite(directory)) throw refused('output_failed', named, `this user may not write in ${directory}`, 'Choose another folder.');
  if (existsSync(path)) {
    if (!statSync(path).isFile()) throw refused('output_failed', named, 'it is not a plain file', 'Name a file.');
    if (!force) throw taken(named);
  }
  if (isOwnFile(path)) {
    const hint = 'Choose another name: nothing may take the place of the log or of state.';
    throw refused('invalid_argument', named, 'it is a file that tipstream keeps its data in', hint);
  }
  const temporary = join(directory, `.${basename(path)}.${process.pid}.tmp`);
  rmSync(temporary, { force: true });
  sweep(directory, basename(path));
  let descriptor: number | undefined;
  const close = (): void => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };
  const discard = (): void => {
    process.off('exit', discard);
    close();
    rmSync(temporary, { force: true });
  };
  process.on('exit', discard); // a second Ctrl-C ends the process at once
  return {
    temporary,
    write(data) {
      try {
        descriptor ??= openSync(temporary, 'w');
        writeFileSync(descriptor, data);
      } catch (error) {
        throw cannotWrite(named, error);
      }
    },
    publish() {
      try {
        close();
        if (isPrivate(directory)) chmodSync(temporary, PRIVATE_FILE_MODE);
        // Who could read the file that was there can read the new one, and nobody else.
        if (force && existsSync(path)) chmodSync(temporary, statSync(path).mode & 0o7777);
        synchronise(temporary);
        // SQLite would take what a file of that name has left beside it for a part of the new one.
        for (const end of ['-wal', '-journal', '-shm']) if (force) rmSync(path + end, { force: true });
        if (force) renameSync(temporary, path);
        else linkOrRename(temporary, path);
      } catch (error) {
        throw error instanceof TipstreamError ? error : cannotWrite(named, error);
      }
      discard();
    },
    discard,
  };
}

/** For its owner alone, or within a data directory: what is written there is for its owner alone too. */
function isPrivate(directory: string): boolean {
  return (statSync(directory).mode & OTHERS) === 0 || dataDirectoryAround(join(directory, 'x')) !== undefined;
}

/** What a process that was killed has left here of the same file goes. */
function sweep(directory: string, name: string): void {
  for (const found of readdirSync(directory)) {
    const pid = found.startsWith(`.${name}.`) ? /^\.(\d+)\.tmp$/.exec(found.slice(name.length + 1))?.[1] : undefined;
    if (pid === undefined || isRunning(Number(pid))) continue;
    try {
      if (Date.now() - statSync(join(directory, found)).mtimeMs > SURELY_LEFT_MS) rmSync(join(directory, found), { force: true });
    } catch {
      // somebody else's, or just removed: not ours to worry about
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function mayWrite(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
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

const taken = (path: string): TipstreamError =>
  refused('invalid_argument', path, 'it exists', 'Choose another name, or replace it with --force.');

function refused(code: 'invalid_argument' | 'output_failed', path: string, why: string, hint: string): TipstreamError {
  return new TipstreamError(code, `cannot write ${path}: ${why}`, { hint, details: { file: path } });
}
