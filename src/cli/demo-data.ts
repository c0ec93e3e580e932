/** The data directory of a demo: emptied on request, and begun again when its past was interrupted half-way. */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TipstreamError } from '../errors.js';
import { LOG_FILE_NAME } from '../log/sqlite/open-database.js';
import { lockData } from '../store/directory/data-lock.js';
import { PRIVATE_FILE_MODE } from '../private-file.js';

/** There from before the first simulated event until after the last one of the past. */
const UNFINISHED = 'demo-unfinished';
/** From then on: the log began with a demo. */
const COMPLETE = 'demo-complete';
/** Only what tipstream itself makes, lest a mistyped --data costs somebody their files. The marks go last. */
const MADE_BY_US = [LOG_FILE_NAME, `${LOG_FILE_NAME}-wal`, `${LOG_FILE_NAME}-shm`, 'state', 'dead-letters', COMPLETE, UNFINISHED];

export function pastWasInterrupted(directory: string): boolean {
  return existsSync(join(directory, UNFINISHED));
}

/** Throws invalid_argument where a log is that no demo began. `isNotDone`, as in "and is not deleted". */
export function refuseRealLog(directory: string, isNotDone: string): void {
  const isDemo = [UNFINISHED, COMPLETE].some((mark) => existsSync(join(directory, mark)));
  if (!isDemo && existsSync(join(directory, LOG_FILE_NAME)))
    throw new TipstreamError('invalid_argument', `the log in ${directory} was not begun by a demo, and ${isNotDone}`, {
      hint: 'Choose another directory with --data.',
    });
}

/** Throws data_in_use while a demo runs on it. */
export function deleteDemo(directory: string): void {
  lockData(directory, Date.now()).release();
  for (const name of MADE_BY_US) rmSync(join(directory, name), { recursive: true, force: true });
}

/** Runs `simulate`, and remembers it as interrupted until it says that it came to the end. */
export async function simulatingPast(directory: string, simulate: () => Promise<{ readonly complete: boolean }>): Promise<void> {
  const mark = join(directory, UNFINISHED);
  writeFileSync(mark, 'A demo simulates its past here. If it is interrupted, the next one begins again.\n', { mode: PRIVATE_FILE_MODE });
  const { complete } = await simulate();
  if (complete) renameSync(mark, join(directory, COMPLETE));
}
