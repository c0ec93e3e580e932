/**
 * What data quality asks of one state file, all of one snapshot beside its writer: every user's profile as of a time, every tip and when
 * every decision was requested. It reads in pieces of a few milliseconds, so that whoever shares the thread has its turn in between; the
 * pieces grow and shrink with what they take.
 */
import type Database from 'better-sqlite3';
import type { FeatureValues } from '../../projections/feature.js';
import type { Registry } from '../../projections/registry.js';
import { textFromSql } from '../../projections/sql-text.js';
import { PartitionReader } from '../queries/partition-reader.js';
import { guarded, openStateForReading } from '../state-file.js';

/** What one piece is to take, ms. */
const PIECE_MS = 10;
const [FEWEST, MOST] = [8, 20_000];

/** Times are Unix ms; null: no such event has come. */
export type TipRow = readonly [
  servedAtMs: number | null,
  category: string | null,
  doneAtMs: number | null,
  dismissAtMs: number | null,
  snoozeAtMs: number | null,
];

/** The profile of one decision. */
export interface ServedFeatures {
  readonly requestedAtMs: number;
  readonly featureSet: string;
  readonly features: FeatureValues;
}

export interface CandidateCategories {
  readonly requestedAtMs: number;
  readonly categories: readonly string[];
}

type StoredRow = [uid: number, tipId: string, served: number | null, category: string | Buffer | null, ...(number | null)[]];

export class QualityReader {
  readonly path: string;
  readonly positions: ReadonlyMap<string, number>;
  readonly partitions: number;
  readonly #db: Database.Database;
  readonly #reader: PartitionReader;

  /** Throws no_data, state_mismatch. */
  constructor(path: string, registry: Registry) {
    this.path = path;
    this.#db = openStateForReading(path, { featureSet: registry.featureSet, definitions: registry.definitions });
    try {
      this.#reader = new PartitionReader(path, registry, 'refuse', this.#db);
      this.#reader.hold();
      this.positions = this.#reader.positions();
      this.partitions = this.#reader.identity.partitions;
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  exactFromMs(): number | null {
    return this.#reader.exactFromMs();
  }

  /** Of the users known as of then; their number is not said in advance. Throws as_of_pruned. */
  *profiles(asOfMs: number): Generator<readonly FeatureValues[]> {
    let after = '';
    for (const size of pieces()) {
      const users = guarded(this.path, () => this.#reader.profilesAfter(after, size(), asOfMs));
      if (users.length === 0) return;
      after = users.at(-1)!.userId;
      yield users.filter(({ known }) => known).map(({ features }) => features);
    }
  }

  *tips(): Generator<readonly TipRow[]> {
    const some = this.#db
      .prepare<[number, string, number], StoredRow>(
        `SELECT uid, tip_id, served_at_ms, served_category, done_at_ms, dismiss_at_ms, snooze_at_ms FROM tip
         WHERE (uid, tip_id) > (?, ?) ORDER BY uid, tip_id LIMIT ?`,
      )
      .raw();
    let [uid, tipId] = [-1, ''];
    for (const size of pieces()) {
      const rows = guarded(this.path, () => some.all(uid, tipId, size()));
      if (rows.length === 0) return;
      [uid, tipId] = rows.at(-1)!;
      yield rows.map(
        ([, , served, category, done, dismiss, snooze]): TipRow => [
          served,
          category === null ? null : textFromSql(category),
          done ?? null,
          dismiss ?? null,
          snooze ?? null,
        ],
      );
    }
  }

  /** When decisions were requested, Unix ms: those that have been read back from the log. */
  *decisions(): Generator<readonly number[]> {
    for (const rows of this.#ofDecisions<[number]>('requested_at_ms')) yield rows.map(([requestedAtMs]) => requestedAtMs);
  }

  /** What decisions were made with, as it is stored with each: those that have been read back from the log. */
  *served(): Generator<readonly ServedFeatures[]> {
    const columns = "requested_at_ms, record ->> '$.feature_set', record -> '$.profile.features'";
    for (const rows of this.#ofDecisions<[number, string, string]>(columns)) {
      yield rows.map(([requestedAtMs, featureSet, features]) => ({
        requestedAtMs,
        featureSet,
        features: JSON.parse(features) as FeatureValues,
      }));
    }
  }

  /** Of each decision: when it was requested, and the categories of its candidates, each as often as it is there. */
  *candidateCategories(): Generator<readonly CandidateCategories[]> {
    const columns = "requested_at_ms, record -> '$.ranking'";
    for (const rows of this.#ofDecisions<[number, string]>(columns)) {
      yield rows.map(([requestedAtMs, ranking]) => ({
        requestedAtMs,
        categories: (JSON.parse(ranking) as readonly { readonly category?: string }[]).flatMap(({ category }) => category ?? []),
      }));
    }
  }

  close(): void {
    if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
    this.#db.close();
  }

  *#ofDecisions<Row>(columns: string): Generator<readonly Row[]> {
    const last = this.#db.prepare<[], number>('SELECT coalesce(max(decision_key), 0) FROM decision').pluck().get()!;
    const some = this.#db
      .prepare<[number, number], Row>(
        `SELECT ${columns} FROM decision WHERE decision_key > ? AND decision_key <= ? AND scored_offset IS NOT NULL`,
      )
      .raw();
    let after = 0;
    for (const size of pieces()) {
      if (after >= last) return;
      const to = after + size();
      const from = after;
      yield guarded(this.path, () => some.all(from, to));
      after = to;
    }
  }
}

/** How many rows to take next, asked once a piece. What the caller does with a piece counts towards its time. */
function* pieces(): Generator<() => number> {
  let size = 64;
  for (;;) {
    let beganMs = performance.now();
    yield () => {
      beganMs = performance.now();
      return size;
    };
    const tookMs = performance.now() - beganMs;
    if (tookMs > PIECE_MS) size = Math.max(FEWEST, Math.floor(size / 2));
    else if (tookMs < PIECE_MS / 2) size = Math.min(MOST, size * 2);
  }
}
