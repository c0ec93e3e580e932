/**
 * What decides the meaning of a set of features, in a form that outlives their code: it is kept with the state that was folded by
 * them, so that another set of definitions can say what differs.
 */
import { createHash } from 'node:crypto';
import type { FeatureDefinition } from './feature.js';
import { DAY_MS } from './window.js';

/** What decides one feature's meaning. Words for people and caching advice are not in it. */
export interface FeatureMeaning {
  readonly name: string;
  readonly dtype: string;
  readonly unit: string;
  /** Topics, sorted. */
  readonly sources: readonly string[];
  /** null: without an end. */
  readonly window_ms: number | null;
  /** With runs of white space as one space. */
  readonly sql: string;
  /** Ids of its counter families, sorted. */
  readonly counters: readonly string[];
  /** The kept columns of `tip` that its SQL names. */
  readonly reads: readonly string[];
  /** Of all of the above but `reads`, which follows from the SQL; 16 hex digits. */
  readonly hash: string;
}

export interface Definitions {
  readonly feature_set: string;
  readonly semantics_version: number;
  /** Sorted by name, by code point. */
  readonly features: readonly FeatureMeaning[];
}

export interface ChangedFeature {
  readonly name: string;
  /** In words: `window 30 d -> 14 d`, `its SQL`. */
  readonly what: readonly string[];
}

/** What another set of definitions is against a previous one. */
export interface DefinitionChanges {
  readonly added: readonly string[];
  readonly changed: readonly ChangedFeature[];
  readonly removed: readonly string[];
  /** Present when tips, windows or counters themselves mean something else. */
  readonly semantics?: { readonly from: number; readonly to: number };
}

/** The columns that are kept of a tip and that a feature's SQL may read. */
const KEPT_COLUMNS = ['served_at_ms', 'served_category', 'done_at_ms', 'done_utc_offset_min', 'dismiss_at_ms', 'snooze_at_ms'] as const;

const hashOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

/** `features` sorted by name. */
export function definitionsOf(features: readonly FeatureDefinition[], semanticsVersion: number): Definitions {
  const parts = features.map(meaningfulParts);
  return {
    feature_set: hashOf([semanticsVersion, parts]),
    semantics_version: semanticsVersion,
    features: parts.map((part): FeatureMeaning => {
      const [name, dtype, unit, sources, window_ms, sql, counters] = part;
      return {
        name,
        dtype,
        unit,
        sources,
        window_ms,
        sql,
        counters,
        reads: KEPT_COLUMNS.filter((column) => new RegExp(`\\b${column}\\b`, 'i').test(sql)),
        hash: hashOf(part),
      };
    }),
  };
}

/** Everything that decides a value or the shape of the stored counters, so that correcting a description rebuilds nothing. */
function meaningfulParts({ name, dtype, unit, sources, windowMs, sql, counters }: FeatureDefinition) {
  return [
    name,
    dtype,
    unit,
    [...sources].sort(),
    windowMs,
    sql.replace(/\s+/g, ' ').trim(),
    counters.map((family) => family.id).sort(),
  ] as const;
}

export function changesBetween(previous: Definitions, current: Definitions): DefinitionChanges {
  const before = new Map(previous.features.map((feature) => [feature.name, feature]));
  const after = new Map(current.features.map((feature) => [feature.name, feature]));
  const changed = current.features.flatMap((feature): ChangedFeature[] => {
    const was = before.get(feature.name);
    return was === undefined || was.hash === feature.hash ? [] : [{ name: feature.name, what: differences(was, feature) }];
  });
  return {
    added: current.features.filter(({ name }) => !before.has(name)).map(({ name }) => name),
    changed,
    removed: previous.features.filter(({ name }) => !after.has(name)).map(({ name }) => name),
    ...(previous.semantics_version === current.semantics_version
      ? {}
      : { semantics: { from: previous.semantics_version, to: current.semantics_version } }),
  };
}

function differences(was: FeatureMeaning, is: FeatureMeaning): string[] {
  const list = (values: readonly string[]) => values.join(' and ');
  const said: string[] = [];
  const compare = (label: string, from: string, to: string): void => {
    if (from !== to) said.push(`${label} ${from} -> ${to}`);
  };
  compare('window', windowText(was.window_ms), windowText(is.window_ms));
  compare('dtype', was.dtype, is.dtype);
  compare('unit', was.unit, is.unit);
  compare('sources', list(was.sources), list(is.sources));
  compare('counters', list(was.counters), list(is.counters));
  if (was.sql !== is.sql) said.push('its SQL');
  return said;
}

/** One line: `added: a; changed: b (window 30 d -> 14 d, its SQL); removed: c`. */
export function describeChanges({ added, changed, removed, semantics }: DefinitionChanges): string {
  const parts = [
    semantics === undefined ? '' : `how tips are counted: version ${semantics.from} -> ${semantics.to}`,
    added.length === 0 ? '' : `added: ${added.join(', ')}`,
    changed.length === 0 ? '' : `changed: ${changed.map(({ name, what }) => `${name} (${what.join(', ')})`).join(', ')}`,
    removed.length === 0 ? '' : `removed: ${removed.join(', ')}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'nothing' : parts.join('; ');
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', DAY_MS],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** Of a feature. */
export function windowText(windowMs: number | null): string {
  return windowMs === null ? 'none' : durationText(windowMs);
}

/** `30 d`, `1 h`: in the largest unit that leaves no rest. */
export function durationText(ms: number): string {
  const [unit, length] = UNITS.find(([, each]) => ms % each === 0) ?? ['ms', 1];
  return `${ms / length} ${unit}`;
}
