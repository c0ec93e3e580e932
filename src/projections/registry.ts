/** The set of features that a profile is made of. */
import { TipstreamError } from '../errors.js';
import { compareCodePoints } from '../events/strings.js';
import type { Aggregate } from './aggregate.js';
import { assertKeepsPromises, type CounterFamily, type CounterReader, type CounterSet, knownTimes } from './counter.js';
import { type Definitions, definitionsOf } from './definitions.js';
import type { FeatureDefinition, FeatureValues } from './feature.js';
import { completionRate30d } from './features/completion_rate_30d.js';
import { dismissRate30d } from './features/dismiss_rate_30d.js';
import { meanDwellMs30d } from './features/mean_dwell_ms_30d.js';
import { preferredCategory } from './features/preferred_category.js';
import { preferredHour } from './features/preferred_hour.js';
import { preferredWeekday } from './features/preferred_weekday.js';
import { snoozeRate30d } from './features/snooze_rate_30d.js';
import { tipVolume30d } from './features/tip_volume_30d.js';

/** Raise when the meaning of tips, windows or counters changes in a way that no definition shows. */
const SEMANTICS_VERSION = 1;

export interface Registry extends CounterSet {
  /** Sorted by name, by code point. */
  readonly features: readonly FeatureDefinition[];
  readonly names: readonly string[];
  /** Identifies what the features mean, 16 hex digits: aggregates and profiles of two feature sets cannot be compared. */
  readonly featureSet: string;
  /** What the features mean, to be kept with what they are folded into. */
  readonly definitions: Definitions;
  /** All features of one user, in the order of their names. The aggregate must be exact at the time asked about. */
  values(aggregate: Aggregate): FeatureValues;
  /** The features of a user about whom nothing has been counted. */
  emptyValues(): FeatureValues;
}

/**
 * Puts features together. Throws invalid_argument when two share a name, when two different counter families share an id, or when a
 * family breaks a promise that can be seen from outside.
 */
export function createRegistry(definitions: readonly FeatureDefinition[]): Registry {
  const features = [...definitions].sort((a, b) => compareCodePoints(a.name, b.name));
  features.forEach((feature, i) => {
    if (feature.name === features[i + 1]?.name) throw new TipstreamError('invalid_argument', `two features are named ${feature.name}`);
  });
  const counters = familiesOf(features);
  counters.forEach(assertKeepsPromises);
  const meaning = definitionsOf(features, SEMANTICS_VERSION);
  return Object.freeze({
    features,
    names: features.map((feature) => feature.name),
    featureSet: meaning.feature_set,
    definitions: meaning,
    counters,
    windowsMs: [...new Set(counters.map((family) => family.windowMs))].sort((a, b) => a - b),
    values: (aggregate: Aggregate) => valuesOf(features, readerOf(aggregate.counters)),
    emptyValues: () => Object.fromEntries(features.map((feature) => [feature.name, feature.whenEmpty])),
  });
}

function familiesOf(features: readonly FeatureDefinition[]): CounterFamily[] {
  const byId = new Map([[knownTimes.id, knownTimes]]);
  for (const family of features.flatMap((feature) => feature.counters)) {
    const sameId = byId.get(family.id);
    if (sameId !== undefined && sameId !== family)
      throw new TipstreamError('invalid_argument', `two counter families have the id ${family.id}`);
    byId.set(family.id, family);
  }
  return [...byId.values()];
}

function valuesOf(features: readonly FeatureDefinition[], read: CounterReader): FeatureValues {
  const values: FeatureValues = {};
  for (const feature of features) values[feature.name] = feature.value(read);
  return values;
}

function readerOf(counters: ReadonlyMap<string, number>): CounterReader {
  return {
    count: (name) => counters.get(name) ?? 0,
    *keyed(familyId) {
      const prefix = `${familyId}:`;
      for (const [name, value] of counters) if (name.startsWith(prefix)) yield [name.slice(prefix.length), value];
    },
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

/** Of the eight alone. Tests of the worked examples use it, whatever else is added. */
export const coreRegistry: Registry = createRegistry(CORE_FEATURES);
/** The features of tipstream itself. */
export const defaultRegistry: Registry = createRegistry([...CORE_FEATURES, ...FURTHER_FEATURES]);
