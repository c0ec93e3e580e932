/**
 * The options by which a record is an event or is refused, as they were when a file was folded: kept in its meta table, because with
 * others the same log gives another state.
 */
import type Database from 'better-sqlite3';
import type { PartitionerName } from '../../log/partitioner.js';

export interface Acceptance {
  readonly partitioner: PartitionerName;
  readonly maxValueBytes: number;
}

/** One of them, as the file has it and as it is now. */
export interface OtherOption {
  /** As on the command line. */
  readonly option: string;
  readonly stored: string;
  readonly given: string;
}

const FLAGS: Readonly<Record<keyof Acceptance, string>> = { partitioner: '--partitioner', maxValueBytes: '--max-value-bytes' };
const NAMES = Object.keys(FLAGS) as (keyof Acceptance)[];

/** Those that differ. What the file does not say, because an earlier version made it, differs from nothing. */
export function otherOptions(db: Database.Database, given: Partial<Acceptance>): OtherOption[] {
  const stored = db.prepare<[string], string>('SELECT value FROM meta WHERE name = ?').pluck();
  return NAMES.flatMap((name) => {
    const [was, is] = [stored.get(name), given[name]];
    return was === undefined || is === undefined || was === String(is) ? [] : [{ option: FLAGS[name], stored: was, given: String(is) }];
  });
}

/** Notes those that the file does not say yet. */
export function noteAcceptance(db: Database.Database, acceptance: Acceptance): void {
  const insert = db.prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING');
  db.transaction(() => NAMES.forEach((name) => insert.run(name, String(acceptance[name]))))();
}
