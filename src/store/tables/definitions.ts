/** The feature definitions that a state file was folded with, kept in its meta table as JSON: they outlive the code that they describe. */
import type Database from 'better-sqlite3';
import type { Definitions } from '../../projections/definitions.js';

const NAME = 'definitions';

/** Within a transaction, or on its own. */
export function writeDefinitions(db: Database.Database, definitions: Definitions): void {
  db.prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value').run(
    NAME,
    JSON.stringify(definitions),
  );
}

/** undefined: the file does not say, or says something that cannot be read. */
export function readDefinitions(db: Database.Database): Definitions | undefined {
  const text = db.prepare<[string], string>('SELECT value FROM meta WHERE name = ?').pluck().get(NAME);
  if (text === undefined) return undefined;
  try {
    const found = JSON.parse(text) as Partial<Definitions> | null;
    return Array.isArray(found?.features) && typeof found.semantics_version === 'number' ? (found as Definitions) : undefined;
  } catch {
    return undefined;
  }
}
