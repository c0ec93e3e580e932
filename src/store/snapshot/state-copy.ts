/**
 * The state as it was at one moment, for work that takes long: page-by-page copies of all partitions' files in a scratch folder.
 *
 * Reading the live files for minutes would hold up their writer: SQLite cannot reset a write-ahead log that a reader still needs, so it
 * grows for as long as the reader reads. Copying reads at the disk's speed, whatever the pace of who reads the result. Unlike VACUUM
 * INTO the copy goes on in small steps, so that it can be watched and interrupted; unlike a plain backup it never starts over when the
 * writer writes, because each file's read transaction, all begun before the first page is copied, lasts until the file's copy is
 * complete.
 */
import Database from 'better-sqlite3';
import { rmSync, statSync } from 'node:fs';
import { isDiskFull, TipstreamError } from '../../errors.js';
import { fileFailure } from '../../file-failure.js';
import type { Registry } from '../../projections/registry.js';
import { partitionFile } from '../directory/layout.js';
import { stateFiles, type StateSource } from '../directory/state-files.js';
import { PartitionReader } from '../queries/partition-reader.js';
import { createScratch } from '../directory/scratch.js';
import { type ExpectedState, openStateForReading, stateError } from '../state-file.js';
import { makePrivateFile } from '../../private-file.js';

/** 4 MiB: a step takes milliseconds. */
const PAGES_A_STEP = 1_024;
const MAPPED_BYTES = 1024 ** 3;

export interface CopyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called often, with what has been copied and the whole. */
  readonly onProgress?: ((copiedBytes: number, totalBytes: number) => void) | undefined;
}

export interface StateCopy {
  /** For whatever else the job needs; removed with the copy. */
  readonly directory: string;
  /** partition -> path of its copy */
  readonly files: ReadonlyMap<number, string>;
  readonly readers: ReadonlyMap<number, PartitionReader>;
  close(): void;
}

/** Throws no_data, state_mismatch, state_incomplete, disk_full, and the signal's reason when it aborts; nothing is left behind then. */
export async function copyState(
  source: StateSource,
  registry: Registry,
  nowMs: number,
  { signal, onProgress }: CopyOptions = {},
): Promise<StateCopy> {
  const live = stateFiles(source, registry);
  const scratch = createScratch(source.dataDirectory, nowMs);
  const sources = new Map<number, Database.Database>();
  const readers = new Map<number, PartitionReader>();
  const closeAll = (): void => {
    for (const held of sources.values()) held.close();
    for (const reader of readers.values()) reader.close();
  };
  try {
    let totalBytes = 0;
    for (const [partition, path] of live.files) {
      sources.set(partition, holdSnapshot(path, { featureSet: registry.featureSet, definitions: registry.definitions }));
      totalBytes += statSync(path).size;
    }
    let done = 0;
    const files = new Map<number, string>();
    for (const [partition, held] of sources) {
      const copy = partitionFile(scratch.directory, partition);
      let copied = 0;
      await copyFile(held, copy, (bytes) => {
        signal?.throwIfAborted();
        copied = bytes;
        onProgress?.(done + bytes, Math.max(totalBytes, done + bytes));
      });
      done += copied;
      held.close();
      files.set(partition, copy);
      readers.set(partition, new PartitionReader(copy, registry, 'refuse', openCopy(copy, registry)));
    }
    return {
      directory: scratch.directory,
      files,
      readers,
      close() {
        closeAll();
        scratch.remove();
      },
    };
  } catch (error) {
    closeAll();
    scratch.remove();
    throw error;
  }
}

/** Nobody writes or shortens a copy, so its pages can be read where the operating system holds them. */
function openCopy(path: string, registry: Registry): Database.Database {
  const db = openStateForReading(path, { featureSet: registry.featureSet, definitions: registry.definitions });
  db.pragma(`mmap_size = ${MAPPED_BYTES}`);
  return db;
}

/** A connection whose read transaction has begun: it sees the file as it is now until it is closed. */
export function holdSnapshot(path: string, expected: ExpectedState): Database.Database {
  const db = openStateForReading(path, expected);
  try {
    db.exec('BEGIN');
    db.prepare('SELECT count(*) FROM position').get();
    return db;
  } catch (error) {
    db.close();
    throw stateError(path, error);
  }
}

/** Copies what a held snapshot sees; the copy has no write-ahead log. Throws disk_full, and what `onProgress` throws. */
export async function copyFile(source: Database.Database, path: string, onProgress: (copiedBytes: number) => void): Promise<void> {
  const pageBytes = source.pragma('page_size', { simple: true }) as number;
  try {
    makePrivateFile(path);
    await source.backup(path, {
      progress({ totalPages, remainingPages }) {
        onProgress((totalPages - remainingPages) * pageBytes);
        return PAGES_A_STEP;
      },
    });
    // Nobody writes the copy, so its readers need no write-ahead log.
    const copy = new Database(path);
    copy.pragma('journal_mode = DELETE');
    copy.close();
  } catch (error) {
    rmSync(path, { force: true });
    if (!isDiskFull(error)) throw fileFailure('the copy', path, error) ?? error;
    throw new TipstreamError('disk_full', `no space left for a copy of the state at ${path}`, {
      hint: 'Free as much space as the state folder takes. Nothing was changed.',
      details: { path, sqlite: (error as { code: string }).code },
      cause: error,
    });
  }
}
