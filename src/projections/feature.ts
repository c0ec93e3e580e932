/** What a feature is: one definition from which the profile, the SQL view, the schemas, the mirrors and the documentation are made. */
import type { Definition } from '../events/feature-choice.js';
import { TipstreamError } from '../errors.js';
import { TOPICS, type TopicName } from '../topics.js';
import type { CounterFamily, CounterReader } from './counter.js';
import type { RowFamily } from './row-kind.js';
import { WINDOW_MS } from './window.js';

/** name -> number. Printed with its names sorted by code point (object-value.ts). */
export type ObjectValue = Readonly<Record<string, number>>;
/** numeric features are numbers, categorical ones text, those of dtype object a number for each of some names; null: nothing to say. */
export type FeatureValue = number | string | ObjectValue | null;
export const FEATURE_DTYPES = ['numeric', 'categorical', 'object'] as const;
export type FeatureDtype = (typeof FEATURE_DTYPES)[number];

/** A user's features by name, in the order of their names. */
export type FeatureValues = Record<string, FeatureValue>;

/** What the author of a feature writes. */
export interface FeatureSource {
  /** Lower-case letters, digits and underscores. */
  readonly name: string;
  readonly dtype: FeatureDtype;
  /** What one unit of the value is: `tips`, `ratio`, `ms`, `hour` ... */
  readonly unit: string;
  /** The topics whose events it is computed from. */
  readonly sources: readonly TopicName[];
  /** How far back it looks, in milliseconds; at most WINDOW_MS. null: without an end, which takes a row kind that keeps its newest rows. */
  readonly windowMs: number | null;
  /** How long a consumer may keep a value without asking again, in milliseconds: the safety net beside exact expiry. */
  readonly ttlMs: number;
  /** What makes a value stale before its ttl: topics, or `time` for entries into and exits from the window. */
  readonly invalidatedBy: readonly (TopicName | 'time')[];
  readonly description: string;
  /**
   * The definition in SQL (SQLite >= 3.37), independent of the counters: one SELECT over
   * `tip(uid, tip_id, served_at_ms, served_category, done_at_ms, done_utc_offset_min, dismiss_at_ms, snooze_at_ms)` that gives a
   * row (uid, value) for every user who has a value; a feature that is computed from rows of a kind reads the kind's table instead. The
   * as-of time is written `:as_of_ms`. A value of dtype object is its text in JSON.
   */
  readonly sql: string;
  /** The counters that `value` reads. Features that share a family share the object. */
  readonly counters: readonly Family[];
  /** What a file says of it; absent where it is defined in code. */
  readonly defined?: Definition;
  /** The value from one user's counters as of a time: at most one double division of two exact integers away from them. */
  value(read: CounterReader, asOfMs: number): FeatureValue;
}

/** What counts tips, or rows of a kind. */
export type Family = CounterFamily | RowFamily;

export function countsRows(family: Family): family is RowFamily {
  return family.of !== undefined;
}

export interface FeatureDefinition extends FeatureSource {
  /** The value when nothing has been counted. */
  readonly whenEmpty: FeatureValue;
}

export const AS_OF = ':as_of_ms';
const NAME = /^[a-z][a-z0-9_]{0,62}$/;
const NOTHING_COUNTED: CounterReader = { count: () => 0, keyed: () => [], median: () => null };
/** Any: where nothing was counted, the value is the same at all times. */
const SOME_MS = WINDOW_MS;

/**
 * Checks a definition and completes it. Throws invalid_argument naming the feature and what is wrong with it.
 */
export function defineFeature(source: FeatureSource): FeatureDefinition {
  const wrong = problemOf(source);
  if (wrong !== undefined) {
    throw new TipstreamError('invalid_argument', `feature ${JSON.stringify(source.name)}: ${wrong}`, { details: { feature: source.name } });
  }
  return Object.freeze({ ...source, whenEmpty: source.value(NOTHING_COUNTED, SOME_MS) });
}

function problemOf(source: FeatureSource): string | undefined {
  if (!NAME.test(source.name)) return 'its name must be lower-case letters, digits and underscores';
  if (!FEATURE_DTYPES.includes(source.dtype)) return 'its dtype must be numeric, categorical or object';
  if (source.unit === '') return 'it has no unit';
  if (source.description === '') return 'it has no description';
  if (source.sources.length === 0) return 'it names no source topic';
  const stranger = [...source.sources, ...source.invalidatedBy].find((name) => name !== 'time' && !Object.hasOwn(TOPICS, name));
  if (stranger !== undefined) return `${JSON.stringify(stranger)} is not a topic`;
  const endless = source.windowMs === null && source.counters.every((family) => countsRows(family) && family.of.newestOf !== undefined);
  if (!endless && !isWindow(source.windowMs)) return `its window must be a whole number of milliseconds from 1 to ${WINDOW_MS}`;
  if (!Number.isSafeInteger(source.ttlMs) || source.ttlMs <= 0) return 'its ttl must be a whole number of milliseconds above 0';
  if (!/^\s*(select|with)\b/i.test(source.sql) || source.sql.includes(';')) return 'its SQL must be a single SELECT without a semicolon';
  if (!source.sql.includes(AS_OF)) return `its SQL never mentions ${AS_OF}`;
  if (source.counters.length === 0) return 'it reads no counters';
  for (const family of source.counters) {
    if (!NAME.test(family.id))
      return `the id of its counters ${JSON.stringify(family.id)} must be lower-case letters, digits and underscores`;
    if (family.windowMs !== source.windowMs)
      return `its counters ${family.id} look back ${family.windowMs} ms, the feature ${source.windowMs} ms`;
  }
  const empty = source.value(NOTHING_COUNTED, SOME_MS);
  const type = { numeric: 'number', categorical: 'string', object: 'object' }[source.dtype];
  if (empty !== null && typeof empty !== type) return `its value ${JSON.stringify(empty)} is not ${source.dtype}`;
  return undefined;
}

function isWindow(windowMs: number | null): windowMs is number {
  return windowMs !== null && Number.isSafeInteger(windowMs) && windowMs > 0 && windowMs <= WINDOW_MS;
}
