/**
 * The options by which a record is an event or is refused, as they were when a file was folded: kept in its meta table, because with
 * others the same log gives another state.
 */
import type Database from 'better-sqlite3';
import type { PartitionerName } from '../../log/partitioner.js';

export interface Acceptance {
  readonly partitioner: PartitionerName;
  readonly maxValueBytes: number;
  /** Whether a schema registry says what values in its wire format stand for. */
  readonly schemaRegistry: boolean;
}

/** One of them, as the file has it and as it is now. */
export interface OtherOption {
  /** As on the command line. */
  readonly option: string;
  readonly stored: string;
  readonly given: string;
}

const FLAGS: Readonly<Record<keyof Acceptance, string>> = {
  partitioner: '--partitioner',
  maxValueBytes: '--max-value-bytes',
  schemaRegistry: '--schema-registry',
};
const NAMES = Object.keys(FLAGS) as (keyof Acceptance)[];

/**
 * Those that differ. What the file does not say differs from nothing: an earlier version made it, or it was folded without a registry, and
 * then a state may go on with one. What was refused until then is in dead letters.
 */
export function otherOptions(db: Database.Database, given: Partial<Acceptance>): OtherOption[] {
  const stored = db.prepare<[string], string>('SELECT value FROM meta WHERE name = ?').pluck();
  return NAMES.flatMap((name) => {
    const [was, is] = [stored.get(name), given[name]];
    const now = is === undefined ? undefined : textOf(is);
    return was === undefined || now === undefined || was === now ? [] : [{ option: FLAGS[name], stored: was, given: now }];
  });
}

/** Notes those that the file does not say yet. */
export function noteAcceptance(db: Database.Database, acceptance: Acceptance): void {
  const insert = db.prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING');
  db.transaction(() => {
    for (const name of NAMES) if (acceptance[name] !== false) insert.run(name, textOf(acceptance[name]));
  })();
}

/** As somebody would type it: of the registry, which one does not matter. */
const textOf = (value: Acceptance[keyof Acceptance]): string => (value === true ? 'URL' : value === false ? 'off' : String(value));
