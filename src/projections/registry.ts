/** The set of features that a profile is made of. */
import { TipstreamError } from '../errors.js';
import { compareCodePoints } from '../events/strings.js';
import type { Aggregate } from './aggregate.js';
import { assertKeepsPromises, type CounterFamily, type CounterReader, type CounterSet, knownTimes } from './counter.js';
import type { ReadonlyCounters } from './counters/counters.js';
import { type Definitions, definitionsOf } from './definitions.js';
import type { FeatureChoice } from '../events/feature-choice.js';
import { type ConsumedTopic, consumedWith, FEATURE_SETS, type FeatureSetName } from '../topics.js';
import { definedFeatures } from './defined/feature.js';
import { countsRows, type Family, type FeatureDefinition, type FeatureValues } from './feature.js';
import { activeDays30d } from './features/active_days_30d.js';
import { activeHour } from './features/active_hour.js';
import { completionRate30d } from './features/completion_rate_30d.js';
import { dismissRate30d } from './features/dismiss_rate_30d.js';
import { meanDwellMs30d } from './features/mean_dwell_ms_30d.js';
import { preferredCategory } from './features/preferred_category.js';
import { preferredHour } from './features/preferred_hour.js';
import { preferredWeekday } from './features/preferred_weekday.js';
import { sessions30d } from './features/sessions_30d.js';
import { signalAgeMs } from './features/signal_age_ms.js';
import { signalAgeMsBySource } from './features/signal_age_ms_by_source.js';
import { snoozeRate30d } from './features/snooze_rate_30d.js';
import { tipVolume30d } from './features/tip_volume_30d.js';
import { typicalSessionMs } from './features/typical_session_ms.js';
import { assertRowsKeepPromises, type KindSet, kindSetOf } from './row-counts.js';
import { type RowFamily, type RowKind } from './row-kind.js';
import { medianIn } from './counters/ordered.js';

/** Raise when the meaning of tips, windows or counters changes in a way that no definition shows. */
const SEMANTICS_VERSION = 1;

export interface Registry extends CounterSet {
  /** Its families of tips. */
  readonly counters: readonly CounterFamily[];
  /** What those families say they add. */
  readonly counterNames: readonly string[];
  /** The kinds of rows that its other families count, by name. Empty where all features are computed from tips. */
  readonly kinds: readonly KindSet[];
  /** The topics that its state is folded from, without a prefix. */
  readonly topics: readonly ConsumedTopic[];
  /** Sorted by name, by code point. */
  readonly features: readonly FeatureDefinition[];
  readonly names: readonly string[];
  /** Identifies what the features mean, 16 hex digits: aggregates and profiles of two feature sets cannot be compared. */
  readonly featureSet: string;
  /** What the features mean, to be kept with what they are folded into. */
  readonly definitions: Definitions;
  /**
   * All features of one user as of a time, in the order of their names. The aggregate must be exact then, and `rows` are the counters of
   * the kinds then, all together. Both may be left out of a registry without kinds alone: internal is thrown otherwise.
   */
  values(aggregate: Aggregate, asOfMs?: number, rows?: RowCounters): FeatureValues;
  /** The features of a user about whom nothing has been counted. */
  emptyValues(): FeatureValues;
}

/** Counters of rows, of all kinds. */
export type RowCounters = ReadonlyCounters;
export const NO_ROWS: RowCounters = new Map();

/**
 * Puts features together. Throws invalid_argument when two share a name, when two different counter families share an id, or when a
 * family breaks a promise that can be seen from outside.
 */
export function createRegistry(definitions: readonly FeatureDefinition[]): Registry {
  const features = [...definitions].sort((a, b) => compareCodePoints(a.name, b.name));
  features.forEach((feature, i) => {
    if (feature.name === features[i + 1]?.name) throw new TipstreamError('invalid_argument', `two features are named ${feature.name}`);
  });
  const families = familiesOf(features);
  const counters = families.filter((family): family is CounterFamily => !countsRows(family));
  const rowFamilies = families.filter(countsRows);
  counters.forEach(assertKeepsPromises);
  rowFamilies.forEach(assertRowsKeepPromises);
  const kinds = kindsOf(rowFamilies);
  const meaning = definitionsOf(features, SEMANTICS_VERSION);
  return Object.freeze({
    features,
    names: features.map((feature) => feature.name),
    featureSet: meaning.feature_set,
    definitions: meaning,
    counters,
    counterNames: counters.flatMap(({ names }) => names ?? []),
    kinds,
    topics: consumedWith(kinds.flatMap(({ kind }) => kind.topics)),
    windowsMs: [...new Set(counters.map((family) => family.windowMs))].sort((a, b) => a - b),
    values(aggregate: Aggregate, asOfMs?: number, rows?: RowCounters) {
      if (kinds.length > 0 && (asOfMs === undefined || rows === undefined))
        throw new TipstreamError('internal', 'the features of rows were asked for without their time or their counters');
      return valuesOf(features, readerOf(aggregate.counters, rows ?? NO_ROWS), asOfMs ?? aggregate.untilMs);
    },
    emptyValues: () => Object.fromEntries(features.map((feature) => [feature.name, feature.whenEmpty])),
  });
}

function familiesOf(features: readonly FeatureDefinition[]): Family[] {
  const byId = new Map<string, Family>([[knownTimes.id, knownTimes]]);
  for (const family of features.flatMap((feature) => feature.counters)) {
    const sameId = byId.get(family.id);
    if (sameId !== undefined && sameId !== family)
      throw new TipstreamError('invalid_argument', `two counter families have the id ${family.id}`);
    byId.set(family.id, family);
  }
  return [...byId.values()];
}

/** Throws invalid_argument when two different kinds share a name. */
function kindsOf(families: readonly RowFamily[]): KindSet[] {
  const byName = new Map<string, RowKind>();
  for (const { of } of families) {
    if ((byName.get(of.name) ?? of) !== of) throw new TipstreamError('invalid_argument', `two kinds of rows are named ${of.name}`);
    byName.set(of.name, of);
  }
  return [...byName.values()]
    .sort((a, b) => compareCodePoints(a.name, b.name))
    .map((kind) =>
      kindSetOf(
        kind,
        families.filter(({ of }) => of === kind),
      ),
    );
}

function valuesOf(features: readonly FeatureDefinition[], read: CounterReader, asOfMs: number): FeatureValues {
  const values: FeatureValues = {};
  for (const feature of features) values[feature.name] = feature.value(read, asOfMs);
  return values;
}

/** Ids of families are unique, so a name is in one of the two at most. */
function readerOf(tips: ReadonlyCounters, rows: RowCounters): CounterReader {
  return {
    count: (name) => tips.get(name) ?? rows.get(name) ?? 0,
    keyed(familyId) {
      const prefix = `${familyId}:`;
      const found: [key: string, value: number][] = [];
      for (const counters of [tips, rows])
        for (const [name, value] of counters) if (name.startsWith(prefix)) found.push([name.slice(prefix.length), value]);
      return found;
    },
    median: (familyId) => medianIn(rows, familyId),
  };
}

/** The eight that the worked examples pin, by value and by digest: nothing is ever added here. */
export const CORE_FEATURES: readonly FeatureDefinition[] = [
  completionRate30d,
  dismissRate30d,
  meanDwellMs30d,
  preferredCategory,
  preferredHour,
  preferredWeekday,
  snoozeRate30d,
  tipVolume30d,
];
/** A new feature is a file in features/ and a line here; CONTRIBUTING.md says the rest. */
const FURTHER_FEATURES: readonly FeatureDefinition[] = [];

/** Folded only where --features names the set: nothing is ever added here either, since digests of it are compared. */
const ACTIVITY_FEATURES: readonly FeatureDefinition[] = [
  activeDays30d,
  activeHour,
  sessions30d,
  signalAgeMs,
  signalAgeMsBySource,
  typicalSessionMs,
];

const DEFINITIONS: Readonly<Record<FeatureSetName, readonly FeatureDefinition[]>> = {
  core: [...CORE_FEATURES, ...FURTHER_FEATURES],
  activity: ACTIVITY_FEATURES,
};

/** Which sets, and which definitions beside them. */
export type RegistryChoice = Pick<FeatureChoice, 'sets'> & Partial<Pick<FeatureChoice, 'definitions'>>;

const chosen = new Map<string, Registry>();

/** The same object for the same choice. Throws invalid_argument for definitions that are none. */
export function registryOf({ sets, definitions = [] }: RegistryChoice): Registry {
  const names = FEATURE_SETS.filter((set) => sets.includes(set));
  const key = JSON.stringify([names, definitions]);
  let registry = chosen.get(key);
  if (registry === undefined) {
    registry = createRegistry([...names.flatMap((set) => DEFINITIONS[set]), ...definedFeatures(definitions)]);
    chosen.set(key, registry);
  }
  return registry;
}

/** The value of --features with which the events of a topic are folded. */
export function featuresFolding(topic: ConsumedTopic): string {
  const set = FEATURE_SETS.find((one) => registryOf({ sets: [one] }).topics.includes(topic));
  return [...new Set(['core', ...(set === undefined ? [] : [set])])].join(',');
}

/** Of the eight alone. Tests of the worked examples use it, whatever else is added. */
export const coreRegistry: Registry = createRegistry(CORE_FEATURES);
/** The features of tipstream where --features names no set. */
export const defaultRegistry: Registry = registryOf({ sets: ['core'] });
