/** Where a user's features come from: the value of each, its window, what is behind it and when it next changes, from one snapshot. */
import { isKnown } from '../projections/aggregate.js';
import { aggregateAt } from '../projections/as-of.js';
import { countsRow, happeningsBehind, isOfTips, nextChanges, type Crossing, type RowCrossing } from '../projections/behind.js';
import type { FeatureValue } from '../projections/feature.js';
import { factOf, HAPPENINGS, keptTime, type Fact } from '../projections/kept-times.js';
import { isSameValue } from '../projections/object-value.js';
import { NO_ROWS, type Registry } from '../projections/registry.js';
import { NO_USER_ROWS, rowCountersOf, type UserRows } from '../projections/kept/user-rows.js';
import type { IdentifiedTip } from '../projections/as-of.js';
import { newestOf } from '../projections/row-counts.js';
import { WINDOW_MS } from '../projections/window.js';
import type { PartitionReader } from '../store/queries/partition-reader.js';
import type { ProfileDocument } from '../store/queries/profile-document.js';
import { positionsOf, profileDocument, userNotFound } from '../store/queries/profiles.js';
import type { TipState } from '../projections/tip.js';
import type { ProvenanceDocument, Search } from './documents.js';
import { Turns } from './turns.js';
import type { Sought, SoughtRow, UserRecords } from './user-records.js';

/** In one answer: of events, the newest. */
const EVENTS_AT_MOST = 10_000;
/** Of one change. */
const CROSSINGS_AT_MOST = 20;

export interface ProvenanceQuestion {
  readonly registry: Registry;
  readonly partition: number;
  readonly userId: string;
  readonly asOfMs: number;
}

/** A profile, and the tips that it is made of. */
interface KnownUser {
  readonly profile: ProfileDocument;
  readonly kept: ReadonlyMap<string, TipState>;
  /** undefined: rows are not known as of the positions asked about, and nothing is said of their features. */
  readonly rows: UserRows | undefined;
}

interface Behind {
  readonly fact: Fact;
  readonly features: readonly string[];
}

interface BehindRow extends SoughtRow {
  readonly atMs: number;
  readonly features: readonly string[];
}

interface Computed {
  readonly profile: ProfileDocument;
  /** Newest first. */
  readonly behind: readonly Behind[];
  /** Latest first. */
  readonly behindRows: readonly BehindRow[];
  readonly features: readonly {
    readonly name: string;
    /** null: without an end. */
    readonly windowMs: number | null;
    readonly addsUp: boolean;
    readonly change:
      | {
          readonly atMs: number;
          readonly value: FeatureValue;
          readonly facts: readonly (Fact & Pick<Crossing, 'way'>)[];
          readonly rows: readonly RowCrossing[];
        }
      | undefined;
    readonly omitted: number;
  }[];
}

/** As the state has it, from one snapshot. Throws user_not_found, as_of_pruned. */
export function userNow(reader: PartitionReader, { registry, partition, userId, asOfMs }: ProvenanceQuestion): KnownUser {
  return reader.snapshot(() => ({
    profile: profileDocument(reader, partition, userId, asOfMs, registry.featureSet),
    kept: reader.tips(userId),
    rows: reader.rows(userId),
  }));
}

/** As it was known at positions of the log: topic -> next offset. Throws user_not_found. */
export function userKnownAt(
  kept: ReadonlyMap<string, TipState>,
  positions: ReadonlyMap<string, number>,
  { registry, partition, userId, asOfMs }: ProvenanceQuestion,
): KnownUser {
  const aggregate = aggregateAt(registry, asOfMs, { count: kept.size, all: () => kept.values() });
  if (!isKnown(aggregate)) throw userNotFound(userId, asOfMs);
  return {
    profile: {
      user_id: userId,
      as_of_ms: asOfMs,
      features: registry.values(aggregate, asOfMs, NO_ROWS),
      feature_set: registry.featureSet,
      positions: positionsOf(new Map([[partition, positions]])),
    },
    kept,
    rows: undefined,
  };
}

/** The records are looked for afterwards. Throws the signal's reason. */
export async function computeProvenance(
  { profile, kept, rows }: KnownUser,
  { registry, asOfMs }: ProvenanceQuestion,
  signal: AbortSignal,
): Promise<Computed> {
  const turns = new Turns(signal);
  const tips: IdentifiedTip[] = [];
  for (const [tipId, tip] of kept) {
    const isNear = HAPPENINGS.some((happening) => (keptTime(tip, happening) ?? -1) >= asOfMs - WINDOW_MS);
    if (isNear) tips.push({ tipId, tip });
  }
  const behind: Behind[] = [];
  for (const { tipId, tip } of tips) {
    if (turns.isOver) await turns.next();
    const counting = registry.features.map((feature) => [feature.name, happeningsBehind(feature, tip, asOfMs)] as const);
    for (const happening of HAPPENINGS) {
      const features = counting.filter(([, happenings]) => happenings.includes(happening)).map(([name]) => name);
      if (features.length > 0) behind.push({ fact: factOf(tipId, tip, happening)!, features });
    }
  }
  behind.sort((one, other) => other.fact.atMs - one.fact.atMs);
  const behindRows = await rowsBehind(registry, rows ?? NO_USER_ROWS, asOfMs, turns);
  const changes = await turns.run(nextChanges(registry, tips, asOfMs, rows));
  const tipById = new Map(tips.map((one) => [one.tipId, one.tip]));
  const aggregate = aggregateAt(registry, asOfMs, { count: tips.length, all: () => tips.map(({ tip }) => tip) });
  const values = registry.values(aggregate, asOfMs, rowCountersOf(registry, rows ?? NO_USER_ROWS, asOfMs));
  const shown = rows === undefined ? registry.features.filter(isOfTips) : registry.features;
  const features = shown.map((feature) => {
    const { name, windowMs } = feature;
    const change = changes.get(name);
    const facts = change?.crossings.slice(0, CROSSINGS_AT_MOST).map((crossing) => ({
      ...factOf(crossing.tipId, tipById.get(crossing.tipId)!, crossing.happening)!,
      way: crossing.way,
    }));
    const crossed = change?.rows.slice(0, CROSSINGS_AT_MOST);
    const all = (change?.crossings.length ?? 0) + (change?.rows.length ?? 0);
    return {
      name,
      windowMs,
      addsUp: isSameValue(values[name]!, profile.features[name]!),
      change: change && { atMs: change.atMs, value: change.value, facts: facts!, rows: crossed! },
      omitted: all - (facts?.length ?? 0) - (crossed?.length ?? 0),
    };
  });
  return { profile, behind, behindRows, features };
}

/** Latest first. */
async function rowsBehind({ kinds, features }: Registry, rows: UserRows, asOfMs: number, turns: Turns): Promise<BehindRow[]> {
  const behind: BehindRow[] = [];
  for (const { kind } of kinds) {
    const all = rows.get(kind.name) ?? [];
    const ofKind = features.filter(({ counters }) => counters.some(({ of }) => of === kind));
    for (const row of kind.newestOf === undefined ? all : newestOf(kind, all, asOfMs)) {
      if (turns.isOver) await turns.next();
      const counting = ofKind.filter((feature) => countsRow(feature, kind, row, asOfMs));
      if (counting.length > 0) behind.push({ kind, row, atMs: firstTime({ kind, row }), features: counting.map(({ name }) => name) });
    }
  }
  return behind.sort((one, other) => other.atMs - one.atMs);
}

const firstTime = ({ kind, row }: SoughtRow): number => Math.min(...kind.times.map((time) => row[time] as number));

/** What to look for in the log. */
export function wantedFacts({ behind, features }: Computed): Fact[] {
  return [...behind.slice(0, EVENTS_AT_MOST).map(({ fact }) => fact), ...features.flatMap(({ change }) => change?.facts ?? [])];
}

/** The same of rows. */
export function wantedRows({ behindRows, features }: Computed): SoughtRow[] {
  const crossing = features.flatMap(({ change }) => change?.rows ?? []);
  return [...behindRows.slice(0, EVENTS_AT_MOST), ...crossing.map(({ set: { kind }, row }) => ({ kind, row }))];
}

/** `failure`: why the search ended before it was over. */
export function provenanceDocument(
  computed: Computed,
  records: UserRecords,
  failure: Search['error'],
  knownAt: ProvenanceDocument['known_at'] = null,
): ProvenanceDocument {
  const { profile, behind, behindRows, features } = computed;
  const rowOf = (sought: SoughtRow) => ({
    table: sought.kind.name,
    row: sought.row,
    at_ms: firstTime(sought),
    records: records.recordsOf(sought),
  });
  const { user_id, as_of_ms: asOfMs, feature_set, positions } = profile;
  const shown = behind.slice(0, EVENTS_AT_MOST);
  const shownRows = behindRows.slice(0, EVENTS_AT_MOST);
  const countOf = (name: string) =>
    behind.filter((one) => one.features.includes(name)).length + behindRows.filter((one) => one.features.includes(name)).length;
  return {
    user_id,
    as_of_ms: asOfMs,
    feature_set,
    positions,
    known_at: knownAt,
    features: features.map(({ name, windowMs, addsUp, change, omitted }) => ({
      name,
      value: profile.features[name] ?? null,
      window: { from_ms: windowMs === null ? 0 : asOfMs - windowMs, to_ms: asOfMs },
      next_change:
        change === undefined
          ? null
          : {
              at_ms: change.atMs,
              value: change.value,
              events: change.facts.map((fact) => ({ ...eventOf(fact), way: fact.way, record: records.addressOf(fact) })),
              rows: change.rows.map(({ set: { kind }, row, way }) => ({ ...rowOf({ kind, row }), way })),
              events_omitted: omitted,
            },
      events: countOf(name),
      adds_up: addsUp,
    })),
    events: shown.map(({ fact, features: names }) => ({ ...eventOf(fact), features: names, record: records.addressOf(fact) })),
    rows: shownRows.map((one) => ({ ...rowOf(one), features: one.features })),
    events_omitted: behind.length - shown.length + behindRows.length - shownRows.length,
    search: searchDocument(records, wantedFacts(computed), failure, wantedRows(computed)),
  };
}

/** While the log is read up to the positions that were asked for: nothing is known of the user so far. */
export function unreadDocument(
  { registry, userId, asOfMs, partition }: ProvenanceQuestion,
  records: UserRecords,
  failure: Search['error'],
  knownAt: NonNullable<ProvenanceDocument['known_at']>,
): ProvenanceDocument {
  return {
    user_id: userId,
    as_of_ms: asOfMs,
    feature_set: registry.featureSet,
    positions: positionsOf(new Map([[partition, new Map(Object.entries(knownAt.positions))]])),
    known_at: knownAt,
    features: [],
    events: [],
    rows: [],
    events_omitted: 0,
    search: { state: failure === null ? 'reading' : 'failed', partitions: records.looked(), error: failure },
  };
}

export function searchDocument(
  records: UserRecords,
  wanted: readonly Sought[],
  failure: Search['error'],
  rows: readonly SoughtRow[] = [],
): Search {
  const missing = wanted.filter((fact) => records.addressOf(fact) === null);
  const missingRows = rows.filter((row) => records.recordsOf(row).length === 0);
  const isFound = missing.length === 0 && missingRows.length === 0;
  const isExhausted = records.isExhaustedOf(missing, missingRows);
  const state = isFound ? 'found' : failure !== null ? 'failed' : isExhausted ? 'exhausted' : 'reading';
  return { state, partitions: records.looked(), error: isFound ? null : failure };
}

const eventOf = ({ tipId, happening, atMs }: Fact) => ({ tip_id: tipId, happening, at_ms: atMs });
