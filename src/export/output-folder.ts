/** A folder of files that appears whole or not at all: filled beside its place under another name, then put there in one step. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { cannotWrite, TipstreamError } from '../errors.js';
import { PRIVATE_DIRECTORY_MODE } from '../private-file.js';
import { dataDirectoryAround } from '../store/directory/own-files.js';

export const FOLDER_MANIFEST = '_manifest.json';
/** What an export has put into a folder. */
const WRITTEN = /^date=(\d{4}-\d{2}-\d{2}|__HIVE_DEFAULT_PARTITION__)$/;

export interface OutputFolder {
  /** Where the files go meanwhile. */
  readonly temporary: string;
  /** Puts it in its place. Throws output_failed. */
  publish(): void;
  /** Removes what was written, unless it is published. */
  discard(): void;
}

/**
 * Throws invalid_argument for a folder that is not empty, unless `force` and all of it is from an export, and output_failed where none can
 * be made.
 */
export function outputFolder(named: string, force: boolean): OutputFolder {
  const path = resolve(named);
  const parent = dirname(path);
  const refused = (code: 'invalid_argument' | 'output_failed', why: string, hint: string): TipstreamError =>
    new TipstreamError(code, `cannot write ${named}: ${why}`, { hint, details: { file: named } });
  if (named === '') throw refused('invalid_argument', 'the name is empty', 'Name a folder.');
  if (!existsSync(parent)) throw refused('output_failed', `there is no folder ${parent}`, 'Make the folder first.');
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) throw refused('output_failed', 'it is not a folder', 'Name a folder.');
    const found = readdirSync(path);
    const strange = found.find((name) => name !== FOLDER_MANIFEST && !WRITTEN.test(name));
    if (found.length > 0 && !force)
      throw refused('invalid_argument', 'the folder is not empty', 'Choose another name, or replace it with --force.');
    if (strange !== undefined)
      throw refused('invalid_argument', `${strange} in it is not from an export`, 'Choose another name: --force replaces exports alone.');
  }
  if (dataDirectoryAround(join(path, 'x')) !== undefined)
    throw refused('invalid_argument', 'it lies in a data directory', 'Choose another name: tipstream keeps its data there.');
  const temporary = join(parent, `.${basename(path)}.${process.pid}.tmp`);
  const previous = join(parent, `.${basename(path)}.${process.pid}.old`);
  try {
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary, { mode: existsSync(path) ? statSync(path).mode & 0o777 : PRIVATE_DIRECTORY_MODE | 0o055 });
  } catch (error) {
    throw cannotWrite(named, error);
  }
  const discard = (): void => {
    process.off('exit', discard);
    rmSync(temporary, { recursive: true, force: true });
  };
  process.on('exit', discard); // a second Ctrl-C ends the process at once
  return {
    temporary,
    publish() {
      try {
        synchroniseAll(temporary);
        if (existsSync(path)) {
          if (readdirSync(path).length === 0) rmdirSync(path);
          else renameSync(path, previous);
        }
        renameSync(temporary, path);
        rmSync(previous, { recursive: true, force: true });
      } catch (error) {
        if (existsSync(previous) && !existsSync(path)) renameSync(previous, path);
        throw cannotWrite(named, error);
      }
      discard();
    },
    discard,
  };
}

function synchroniseAll(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const descriptor = openSync(join(entry.parentPath, entry.name), 'r+');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }
}
