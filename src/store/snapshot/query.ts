/**
 * Reading SQL over all partitions: the state files attached to one read-only connection, with the views of public-tables.ts in front
 * of them. SQLite attaches ten files at most; with more partitions, the query reads a snapshot made for it.
 */
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { TipstreamError } from '../../errors.js';
import { nearest } from '../../given.js';
import type { Registry } from '../../projections/registry.js';
import { stateFiles, type StateSource } from '../directory/state-files.js';
import { publicRowsSql, publicTables, type AttachedPartition } from './public-tables.js';
import { checkAsOf } from '../queries/profiles.js';
import { PartitionReader } from '../queries/partition-reader.js';
import { createScratch } from '../directory/scratch.js';
import { writeSnapshotFile } from './snapshot-file.js';
import { copyState, type CopyOptions } from './state-copy.js';
import { makePrivateFile } from '../../private-file.js';

const MAX_ATTACHED = 10;
/** A leading comment or space. */
const LEADING = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[^]*?\*\/)+/;
const READING = /^(?:select|with|values|explain)\b/i;

export type SqlValue = bigint | number | string | Buffer | null;
export type SqlParameter = bigint | number | string | null;

export interface QueryRows {
  readonly columns: readonly string[];
  /** Throws invalid_argument with what SQLite says. */
  readonly rows: Iterable<readonly SqlValue[]>;
}

export interface QueryableState {
  /** Partitions whose rows are not in the views, ascending: other members of the group hold them. */
  readonly missingPartitions: readonly number[];
  /** One SELECT, WITH, VALUES or EXPLAIN; its rows end where the next query begins. Throws invalid_argument with what SQLite says. */
  query(sql: string, parameters: Readonly<Record<string, SqlParameter>>): QueryRows;
  close(): void;
}

/** Profiles are as of `asOfMs`. Throws no_data, state_mismatch, state_incomplete, as_of_pruned. */
export async function openForQueries(
  source: StateSource,
  registry: Registry,
  asOfMs: number,
  nowMs: number,
  options: CopyOptions,
): Promise<QueryableState> {
  const { files, missing } = stateFiles(source, registry);
  checkAsOf(
    [...files.values()].map((file) => inspected(file, registry)),
    asOfMs,
  );
  const opened =
    files.size > MAX_ATTACHED
      ? await openSnapshot(source, registry, asOfMs, nowMs, options)
      : openAttached(source.dataDirectory, registry, files, asOfMs, nowMs);
  opened.db.pragma('query_only = ON');
  let running: IterableIterator<readonly SqlValue[]> | undefined;
  return {
    missingPartitions: missing,
    query(sql, parameters) {
      running?.return?.();
      const statement = prepare(opened.db, sql, registry);
      running = said(() => statement.iterate(parameters));
      // The first row is asked for at once, so that what is wrong is said before anything is printed.
      const first = said(() => running!.next());
      return { columns: statement.columns().map(({ name }) => name), rows: remaining(running, first) };
    },
    close() {
      running?.return?.();
      opened.db.close();
      opened.remove();
    },
  };
}

/** Proves that a file can be asked, and answers from when on its profiles are exact. */
function inspected(file: string, registry: Registry): { exactFromMs(): number | null } {
  const reader = new PartitionReader(file, registry);
  try {
    const fromMs = reader.exactFromMs();
    return { exactFromMs: () => fromMs };
  } finally {
    reader.close();
  }
}

interface Opened {
  readonly db: Database.Database;
  remove(): void;
}

function openAttached(
  dataDirectory: string,
  registry: Registry,
  files: ReadonlyMap<number, string>,
  asOfMs: number,
  nowMs: number,
): Opened {
  const scratch = createScratch(dataDirectory, nowMs);
  // Attached files are opened as the main one is: an empty one that can only be read, so that nothing can be written whatever the SQL says.
  const empty = join(scratch.directory, 'empty.db');
  makePrivateFile(empty);
  const db = new Database(empty, { readonly: true, timeout: 5_000 });
  db.pragma('temp_store = MEMORY');
  const attach = [...files].map(([partition, file]): AttachedPartition => {
    db.prepare(`ATTACH ? AS p${partition}`).run(file);
    return { schema: `p${partition}`, partition };
  });
  for (const [name, { columns }] of Object.entries(publicTables(registry))) {
    const rows = attach.map((source) => publicRowsSql(registry, name, source, asOfMs)).join('\nUNION ALL\n');
    db.exec(`CREATE TEMP VIEW ${name}(${columns.map(([column]) => column).join(', ')}) AS\n${rows}`);
  }
  return withoutTrace(db, () => scratch.remove());
}

async function openSnapshot(source: StateSource, registry: Registry, asOfMs: number, nowMs: number, options: CopyOptions): Promise<Opened> {
  const copy = await copyState(source, registry, nowMs, options);
  try {
    const path = join(copy.directory, 'snapshot.db');
    await writeSnapshotFile(copy, registry, path, { asOfMs, takenAtMs: nowMs, signal: options.signal });
    return withoutTrace(new Database(path, { readonly: true }), () => copy.close());
  } catch (error) {
    copy.close();
    throw error;
  }
}

/** A query can be ended by ending the process only. Where an open file can be removed, it is, so that nothing is left behind then. */
function withoutTrace(db: Database.Database, remove: () => void): Opened {
  if (process.platform === 'win32') return { db, remove };
  db.prepare('SELECT count(*) FROM sqlite_schema').get();
  remove();
  return { db, remove: () => undefined };
}

type Statement = Database.Statement<[Readonly<Record<string, SqlParameter>>], readonly SqlValue[]>;

function prepare(db: Database.Database, sql: string, registry: Registry): Statement {
  if (!READING.test(sql.replace(LEADING, ''))) {
    throw new TipstreamError('invalid_argument', 'only one statement that reads is run: SELECT, WITH, VALUES or EXPLAIN', {
      hint: 'Take a snapshot to change or add tables: `tipstream snapshot OUT.db`.',
    });
  }
  const statement = said(
    () => db.prepare<[Readonly<Record<string, SqlParameter>>], readonly SqlValue[]>(sql),
    (message) => hintFor(message, registry),
  );
  if (!statement.readonly || !statement.reader)
    throw new TipstreamError('invalid_argument', 'the statement would write: only statements that read are run');
  return statement.raw().safeIntegers();
}

function* remaining(
  iterator: IterableIterator<readonly SqlValue[]>,
  first: IteratorResult<readonly SqlValue[]>,
): Generator<readonly SqlValue[]> {
  for (let next = first; !next.done; next = said(() => iterator.next())) yield next.value;
}

/** SQLite's own words, as an error of the person who asked. */
function said<T>(work: () => T, hint: (message: string) => string | undefined = () => undefined): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof TipstreamError || !(error instanceof Error)) throw error;
    const next = hint(error.message);
    throw new TipstreamError('invalid_argument', error.message, { ...(next === undefined ? {} : { hint: next }), cause: error });
  }
}

/** What there is instead of a table or column that there is not. */
function hintFor(message: string, registry: Registry): string | undefined {
  const [, kind, given] = /^no such (table|column): (.+)$/.exec(message) ?? [];
  if (kind === undefined || given === undefined) return undefined;
  const tables = Object.values(publicTables(registry));
  const name = given.slice(given.lastIndexOf('.') + 1);
  if (kind === 'table') {
    const views = tables.map((table) => table.name);
    const meant = nearest(name, views);
    return `${meant === undefined ? '' : `Did you mean ${meant}? `}The views are ${views.join(', ')}.`;
  }
  const meant = nearest(name, [...new Set(tables.flatMap(({ columns }) => columns.map(([column]) => column)))]);
  if (meant === undefined) return 'Run `tipstream sql --help`: it lists the columns of every view.';
  const holders = tables.filter(({ columns }) => columns.some(([column]) => column === meant));
  return `Did you mean ${meant}, a column of ${holders.map((table) => table.name).join(', ')}?`;
}
