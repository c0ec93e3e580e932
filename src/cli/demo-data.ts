/** The data directory of a demo: emptied on request, and begun again when its past was interrupted half-way. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOG_FILE_NAME } from '../log/sqlite/open-database.js';
import { lockData } from '../store/directory/data-lock.js';
import { PRIVATE_FILE_MODE } from '../private-file.js';

/** There from before the first simulated event until after the last one of the past. */
const UNFINISHED = 'demo-unfinished';
/** Only what tipstream itself makes, lest a mistyped --data costs somebody their files. The mark goes last. */
const MADE_BY_US = [LOG_FILE_NAME, `${LOG_FILE_NAME}-wal`, `${LOG_FILE_NAME}-shm`, 'state', 'dead-letters', UNFINISHED];

export function pastWasInterrupted(directory: string): boolean {
  return existsSync(join(directory, UNFINISHED));
}

/** Throws data_in_use while a demo runs on it. */
export function deleteDemo(directory: string): void {
  lockData(directory, Date.now()).release();
  for (const name of MADE_BY_US) rmSync(join(directory, name), { recursive: true, force: true });
}

/** Runs `simulate`, and remembers it as interrupted until it says that it came to the end. */
export async function simulatingPast(directory: string, simulate: () => Promise<{ readonly complete: boolean }>): Promise<void> {
  const mark = join(directory, UNFINISHED);
  writeFileSync(mark, 'A demo was simulating its past here; the next one begins again.\n', { mode: PRIVATE_FILE_MODE });
  const { complete } = await simulate();
  if (complete) rmSync(mark);
}
