/** Which files are tipstream's own, so that no output of a command takes the place of the log or of state. */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { LOG_FILE_NAME } from '../../log/sqlite/open-database.js';

/** What lies in a data directory: layout.ts. */
const OWN_NAMES: ReadonlySet<string> = new Set([
  'state',
  'dead-letters',
  'receipts',
  'owner.lock',
  'owner.json',
  'service.json',
  'stopped.json',
  'silent.json',
  'verified.json',
  'quality-baseline.json',
  'quality-skew.json',
  'redrive.lock',
]);
/** What SQLite keeps beside a database. */
const COMPANION = /-(wal|shm|journal)$/;
/** Where SQLite has the application_id in a file, and what the log and state files have there. */
const APPLICATION_ID_AT = 68;
const APPLICATION_ID = 'tips';

/** The data directory that `path` lies in; undefined: it lies in none. */
export function dataDirectoryAround(path: string): string | undefined {
  for (let at = dirname(resolve(path)), below = ''; at !== below; below = at, at = dirname(at))
    if (existsSync(join(at, 'state', 'CURRENT')) || existsSync(join(at, 'owner.lock'))) return at;
  return undefined;
}

/** Whether it is the log or a state file, wherever it lies, or has the place of one of a data directory's files. */
export function isOwnFile(path: string): boolean {
  const file = path.replace(COMPANION, '');
  if (hasOurId(file)) return true;
  const directory = dataDirectoryAround(file);
  if (directory === undefined) return false;
  const [first = ''] = relative(directory, resolve(file)).split(sep);
  return OWN_NAMES.has(first) || first === LOG_FILE_NAME;
}

function hasOurId(path: string): boolean {
  try {
    if (!statSync(path).isFile()) return false;
    const descriptor = openSync(path, 'r');
    try {
      const id = Buffer.alloc(APPLICATION_ID.length);
      return readSync(descriptor, id, 0, id.length, APPLICATION_ID_AT) === id.length && id.toString('latin1') === APPLICATION_ID;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false; // there is none, or it is not this user's
  }
}
