/** How another process opens the embedded log: the argument is its data directory. */
import { openSqliteLog } from '../../../src/log/sqlite/index.js';

export function openLog(directory: string) {
  return openSqliteLog({ directory });
}
