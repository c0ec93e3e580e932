/** All that data quality reads of state files, in one pass over each: profiles, tips and decisions as of one time. */
import type { FeatureValues } from '../projections/feature.js';
import type { Registry } from '../projections/registry.js';
import { isInWindow } from '../projections/window.js';
import { Activity } from '../quality/activity.js';
import type { Distribution } from '../quality/distribution.js';
import { CategoricalSample, NumericSample, type Sample } from '../quality/sample.js';
import { checkAsOf } from '../store/queries/profiles.js';
import { QualityReader } from '../store/quality/quality-reader.js';
import { countCategory, TipTotals } from './tip-totals.js';

export interface StateSurvey {
  readonly asOfMs: number;
  /** Known as of then. */
  readonly users: number;
  /** partition -> topic -> next offset, of the snapshot that was read. */
  readonly positions: ReadonlyMap<number, ReadonlyMap<string, number>>;
  /** Feature -> how its values are distributed over the known users. */
  readonly distributions: ReadonlyMap<string, Distribution>;
  /** Features that are neither numbers nor categories: nothing is said of them. */
  readonly skipped: readonly string[];
  readonly tips: TipTotals;
  readonly decisions: Activity;
  /** When the newest decision before as-of was requested, Unix ms; null: there is none. Its profile was served then. */
  readonly lastDecisionMs: number | null;
}

/**
 * Category -> candidates of it, of the decisions requested in the 30 days before as-of; at most MOST_CATEGORIES. Yields after each piece of
 * some milliseconds. Throws no_data, state_mismatch.
 */
export function* surveyCandidates(
  files: ReadonlyMap<number, string>,
  registry: Registry,
  asOfMs: number,
): Generator<number, ReadonlyMap<string, number>> {
  const categories = new Map<string, number>();
  let decisions = 0;
  for (const path of files.values()) {
    const reader = new QualityReader(path, registry);
    try {
      for (const some of reader.candidateCategories()) {
        for (const { requestedAtMs, categories: named } of some)
          if (isInWindow(requestedAtMs, asOfMs)) for (const category of named) countCategory(categories, category);
        yield (decisions += some.length);
      }
    } finally {
      reader.close();
    }
  }
  return categories;
}

/** Yields after each piece of some milliseconds, with the number of users read so far. Throws as_of_pruned, no_data, state_mismatch. */
export function* surveyState(files: ReadonlyMap<number, string>, registry: Registry, asOfMs: number): Generator<number, StateSurvey> {
  const readers = new Map<number, QualityReader>();
  try {
    for (const [partition, path] of files) readers.set(partition, new QualityReader(path, registry));
    checkAsOf(readers.values(), asOfMs);
    const samples = samplesOf(registry);
    const tips = new TipTotals(asOfMs);
    const decisions = new Activity(asOfMs);
    let users = 0;
    let lastDecisionMs: number | null = null;
    for (const reader of readers.values()) {
      for (const profiles of reader.profiles(asOfMs)) {
        for (const features of profiles) addAll(samples, features);
        users += profiles.length;
        yield users;
      }
      for (const rows of reader.tips()) {
        for (const row of rows) tips.add(row);
        yield users;
      }
      for (const times of reader.decisions()) {
        for (const atMs of times) {
          decisions.add(atMs);
          if (atMs < asOfMs) lastDecisionMs = Math.max(lastDecisionMs ?? atMs, atMs);
        }
        yield users;
      }
    }
    return {
      asOfMs,
      users,
      positions: new Map([...readers].map(([partition, { positions }]) => [partition, positions])),
      distributions: new Map([...samples].map(([name, sample]) => [name, sample.distribution()])),
      skipped: registry.names.filter((name) => !samples.has(name)),
      tips,
      decisions,
      lastDecisionMs,
    };
  } finally {
    for (const reader of readers.values()) reader.close();
  }
}

/** One for each feature that is a number or a category. */
export function samplesOf({ features }: Pick<Registry, 'features'>): Map<string, Sample> {
  const samples = new Map<string, Sample>();
  for (const { name, dtype } of features) {
    if (dtype === 'numeric') samples.set(name, new NumericSample());
    else if (dtype === 'categorical') samples.set(name, new CategoricalSample());
  }
  return samples;
}

/** The values of one profile. */
export function addAll(samples: ReadonlyMap<string, Sample>, features: FeatureValues): void {
  for (const [name, sample] of samples) sample.add(features[name]);
}
