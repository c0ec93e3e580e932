/** Files and folders that hold what people did are for their owner alone, whatever the umask lets others see. */
import { closeSync, openSync } from 'node:fs';

export const PRIVATE_FILE_MODE = 0o600;
export const PRIVATE_DIRECTORY_MODE = 0o700;

/**
 * Makes the file, empty, for its owner alone, where there is none: for those that would make it with the modes that the umask leaves.
 * One that is there stays as it is. Never throws: whoever opens it next says what is wrong.
 */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', PRIVATE_FILE_MODE));
  } catch {
    // it is there, or cannot be made
  }
}
