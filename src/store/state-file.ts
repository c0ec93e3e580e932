/**
 * Opens one partition's state file and proves that it is what the caller believes it is: whole, of this schema version, of this
 * partition of this log, folded by these feature definitions. Anything else is an error that says what to do; a file is
 * never reset or altered to fit.
 */
import Database from 'better-sqlite3';
import { existsSync, statSync } from 'node:fs';
import { asNotLoaded, type ErrorCode, isDiskFull, TipstreamError } from '../errors.js';
import { fileFailure } from '../file-failure.js';
import { changesBetween, type DefinitionChanges, type Definitions, describeChanges } from '../projections/definitions.js';
import { registryOf } from '../projections/registry.js';
import { noteAcceptance, otherOptions, type Acceptance } from './tables/acceptance.js';
import { readDefinitions, writeDefinitions } from './tables/definitions.js';
import { STATE_APPLICATION_ID, STATE_SCHEMA_VERSION, STATE_TABLES } from './tables/schema.js';
import { makePrivateFile } from '../private-file.js';

/** What a state file was made for; stored in its meta table and compared at every open. */
export interface StateIdentity {
  readonly partition: number;
  readonly partitions: number;
  readonly log: 'sqlite' | 'kafka';
  readonly topicPrefix: string;
  readonly featureSet: string;
  /** The options by which records are accepted, of whoever folds or compares. */
  readonly accepts?: Acceptance | undefined;
}

/** What a reader expects of a file: all of it that it names. With the definitions behind `featureSet`, a refusal says what differs. */
export interface ExpectedState extends Partial<Omit<StateIdentity, 'accepts'>> {
  readonly accepts?: Partial<Acceptance> | undefined;
  readonly definitions?: Definitions | undefined;
}

/** What a new file gets besides its tables. */
export interface StateContents {
  /** SQL that creates the views people read. */
  readonly view: string;
  /** SQL that creates the tables of the registry's kinds of rows. */
  readonly tables: string;
  /** What the identity's feature set means. */
  readonly definitions: Definitions;
}

/** Files up to this size are checked page by page when they are opened; larger ones when a page is read. */
const CHECKED_AT_OPEN_BYTES = 256 * 1024 * 1024;
const PAGE_CACHE_KIB = 8 * 1024;
/**
 * Pages in the write-ahead log before who commits copies them into the file. SQLite's default of 1,000 would copy most of a small file
 * after every large batch, and the more is copied at a time, the more often a page that changes in each batch is copied once for all.
 * The service's workers have a thread that copies before (threads/checkpointer.ts).
 */
const CHECKPOINT_PAGES = 32_768;

const REBUILD_HINT = 'Stop `tipstream start` and run `tipstream rebuild`: it makes the state again from the log, and needs nothing else.';

/** The same where the features of a whole set have come or gone; undefined: they have not. */
function otherSetsHint(changes: DefinitionChanges | undefined): string | undefined {
  const names = (names: readonly string[]) => [...names].sort().join();
  const ofActivity = names(registryOf({ sets: ['activity'] }).names);
  const [before, now] = [names(changes?.removed ?? []), names(changes?.added ?? [])];
  if (before !== ofActivity && now !== ofActivity) return undefined;
  const [as, to] = now === ofActivity ? ['core', 'core,activity'] : ['core,activity', 'core'];
  return `Give --features ${as} as before, or stop \`tipstream start\` and run \`tipstream rebuild --features ${to}\`.`;
}

/** What to do where other feature definitions wrote the state. */
const OTHER_DEFINITIONS_HINT =
  'Start with the definitions that wrote it, or stop `tipstream start` and run `tipstream rebuild` with these: ' +
  'it moves the state over, and says what comes from stored tips, what from the log, and why.';

/** Whether a writer makes a file that is not there, or takes that for what it is: somebody removed the one that it was to open. */
export type MissingFile = 'make' | 'refuse';

/** Opens for the one writer. Throws state_removed for a missing file that is not to be made; one that is there was checked by its maker. */
export function openStateForWriting(
  path: string,
  identity: StateIdentity,
  contents: StateContents,
  missing: MissingFile = 'make',
): Database.Database {
  return guarded(path, () => {
    if (missing === 'make') makePrivateFile(path);
    else if (!existsSync(path)) throw fileFailure('state file', path, { code: 'ENOENT' })!;
    const db = new Database(path, { timeout: 5_000, fileMustExist: true });
    try {
      const fresh = db.pragma('application_id', { simple: true }) === 0 && db.pragma('user_version', { simple: true }) === 0 && isEmpty(db);
      // first: of a file that is not ours not even the journal mode may be changed
      if (!fresh) inspect(db, path, { ...identity, definitions: contents.definitions }, { pages: missing === 'make' });
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = NORMAL');
      db.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
      db.pragma('temp_store = MEMORY');
      db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
      if (fresh) create(db, identity, contents);
      if (identity.accepts !== undefined) noteAcceptance(db, identity.accepts);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** Opens for reading beside the writer, from this or any other process. */
export function openStateForReading(path: string, expected: ExpectedState = {}): Database.Database {
  if (!existsSync(path)) {
    throw new TipstreamError('no_data', `no state file at ${path}`, {
      hint: 'Run `tipstream start` on this data directory first.',
      details: { path },
    });
  }
  return guarded(path, () => {
    const db = new Database(path, { readonly: true, timeout: 5_000 });
    try {
      inspect(db, path, expected, { pages: false });
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** What an opened file says it was made for. */
export function readIdentity(db: Database.Database): StateIdentity {
  const meta = new Map(db.prepare('SELECT name, value FROM meta').raw().all() as [string, string][]);
  return {
    partition: Number(meta.get('partition')),
    partitions: Number(meta.get('partitions')),
    log: meta.get('log') as StateIdentity['log'],
    topicPrefix: meta.get('topicPrefix') ?? '',
    featureSet: meta.get('featureSet') ?? '',
  };
}

function isEmpty(db: Database.Database): boolean {
  return db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0;
}

function create(db: Database.Database, { accepts: _, ...identity }: StateIdentity, { view, tables, definitions }: StateContents): void {
  db.transaction(() => {
    db.exec(STATE_TABLES);
    db.exec(tables);
    db.exec(view);
    const insert = db.prepare('INSERT INTO meta (name, value) VALUES (?, ?)');
    for (const [name, value] of Object.entries(identity)) insert.run(name, String(value));
    writeDefinitions(db, definitions);
    db.pragma(`application_id = ${STATE_APPLICATION_ID}`);
    db.pragma(`user_version = ${STATE_SCHEMA_VERSION}`);
  })();
}

function inspect(db: Database.Database, path: string, expected: ExpectedState, check = { pages: true }): void {
  const application = db.pragma('application_id', { simple: true });
  const version = db.pragma('user_version', { simple: true }) as number;
  if (application !== STATE_APPLICATION_ID)
    refuse('state_corrupt', path, 'is a SQLite database, but not a tipstream state file', REBUILD_HINT);
  if (version > STATE_SCHEMA_VERSION) {
    refuse(
      'state_newer',
      path,
      `has schema version ${version}; this tipstream knows versions up to ${STATE_SCHEMA_VERSION}`,
      'Start the newer tipstream that wrote it, or stop `tipstream start` and run `tipstream rebuild` ' +
        'with this one: it makes the state again from the log.',
      { schema_version: version },
    );
  }
  if (version < STATE_SCHEMA_VERSION)
    refuse('state_mismatch', path, `has the old schema version ${version}; this tipstream writes ${STATE_SCHEMA_VERSION}`, REBUILD_HINT, {
      schema_version: version,
    });
  if (check.pages && statSync(path).size <= CHECKED_AT_OPEN_BYTES) checkPages(db, path);
  compareIdentity(db, path, expected);
}

/** Reads every page. Throws state_corrupt. */
export function checkPages(db: Database.Database, path: string): void {
  const verdict = db.pragma('quick_check(1)', { simple: true });
  if (verdict !== 'ok') refuse('state_corrupt', path, `fails SQLite's integrity check: ${String(verdict).slice(0, 200)}`, REBUILD_HINT);
}

/** Throws what keeps the file from being used for what `expected` names. */
export function compareIdentity(db: Database.Database, path: string, { definitions, accepts, ...identity }: ExpectedState): void {
  const found = readIdentity(db);
  for (const [name, expected] of Object.entries(identity)) {
    if (name === 'featureSet') compareDefinitions(db, path, { featureSet: String(expected), definitions });
    else compare(path, name as ComparedAsText, String(found[name as ComparedAsText]), String(expected));
  }
  if (accepts !== undefined) compareAcceptance(db, path, accepts);
}

/** Throws state_mismatch when the file was folded with other options, by which other records are events. */
function compareAcceptance(db: Database.Database, path: string, accepts: Partial<Acceptance>): void {
  const others = otherOptions(db, accepts);
  if (others.length === 0) return;
  const listed = (of: 'stored' | 'given') => others.map((one) => `${one.option} ${one[of]}`).join(' ');
  throw new TipstreamError(
    'state_mismatch',
    `state file ${path} was folded with ${listed('stored')}; this process has ${listed('given')}`,
    {
      hint:
        `Give ${listed('stored')} as before, or stop \`tipstream start\` and run \`tipstream rebuild ${listed('given')}\`: ` +
        'it makes the state again from the log, with other records refused.',
      details: { path, options: others },
    },
  );
}

/** Throws state_mismatch when the file was folded with another feature set; says what differs, where both sides are known. */
export function compareDefinitions(
  db: Database.Database,
  path: string,
  { featureSet: expected, definitions }: { readonly featureSet: string; readonly definitions?: Definitions | undefined },
): void {
  const found = readIdentity(db).featureSet;
  if (found === expected) return;
  const previous = readDefinitions(db);
  const changes = previous === undefined || definitions === undefined ? undefined : changesBetween(previous, definitions);
  throw new TipstreamError(
    'state_mismatch',
    `state file ${path} was folded with feature set ${found}; this process has ` +
      `${expected}${changes === undefined ? '' : ` (${describeChanges(changes)})`}`,
    {
      hint: otherSetsHint(changes) ?? OTHER_DEFINITIONS_HINT,
      details: { path, ...changes },
    },
  );
}

type ComparedAsText = Exclude<keyof StateIdentity, 'featureSet' | 'accepts'>;

function compare(path: string, name: ComparedAsText, found: string, expected: string): void {
  if (found === expected) return;
  switch (name) {
    case 'partitions':
      return refuse(
        'partition_count_changed',
        path,
        `was folded from topics of ${found} partitions; the topics now have ${expected}`,
        'Another number sends users to other partitions: return to the previous one, or move the whole state folder ' +
          'away to rebuild it from a log whose events were all written under the new one.',
      );
    case 'log':
      return refuse(
        'state_mismatch',
        path,
        `holds offsets of a ${found} log; this process reads a ${expected} log`,
        'Give each log a data directory of its own with --data.',
      );
    case 'topicPrefix':
      return refuse(
        'state_mismatch',
        path,
        `was folded from topics with prefix ${JSON.stringify(found)}; this process uses ${JSON.stringify(expected)}`,
        'Use the previous --topic-prefix, or another --data.',
      );
    case 'partition':
      return refuse(
        'state_mismatch',
        path,
        `belongs to partition ${found}, not ${expected}`,
        'Put the file back under its own name: files of a generation must not be renamed.',
      );
  }
}

function refuse(code: ErrorCode, path: string, what: string, hint: string, details: Readonly<Record<string, unknown>> = {}): never {
  throw new TipstreamError(code, `state file ${path} ${what}`, { hint, details: { path, ...details } });
}

/** Runs `work` and turns SQLite's own failures into errors that name the file and what to do. */
export function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw stateError(path, error);
  }
}

/** A TipstreamError for anything that SQLite or the file system said about a state file. */
export function stateError(path: string, error: unknown): unknown {
  if (error instanceof TipstreamError) return error;
  const notLoaded = asNotLoaded(error);
  if (notLoaded !== undefined) return notLoaded;
  const code = (error as { code?: string }).code ?? '';
  const options = (hint: string) => ({ hint, details: { path, sqlite: code }, cause: error });
  if (isDiskFull(error)) {
    return new TipstreamError(
      'disk_full',
      `no space left while writing state file ${path}`,
      options('Free space on that disk, then start again: the batch was rolled back and nothing is lost.'),
    );
  }
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    return new TipstreamError('state_corrupt', `state file ${path} is damaged: ${(error as Error).message}`, options(REBUILD_HINT));
  }
  if (code.startsWith('SQLITE_BUSY')) {
    return new TipstreamError(
      'data_in_use',
      `state file ${path} is locked by another program`,
      options('Close whatever writes to it (sqlite3 with an open transaction?), then start again.'),
    );
  }
  return fileFailure('state file', path, error) ?? error;
}
