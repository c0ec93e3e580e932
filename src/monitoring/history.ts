/** Distributions of features by day, week or month: of all known users at the end of each, and as decisions were served in it. */
import type { Registry } from '../projections/registry.js';
import { nullRate, summaryOf, type Distribution, type NumericSummary } from '../quality/distribution.js';
import { drawn, type Bin } from '../quality/bins.js';
import { driftOf } from '../quality/drift.js';
import type { Sample } from '../quality/sample.js';
import { exactFromMsOf } from '../store/queries/profiles.js';
import { QualityReader } from '../store/quality/quality-reader.js';
import type { Baseline } from './baseline.js';
import type { Span } from './periods.js';
import { addAll, samplesOf } from './state-survey.js';

export interface FeatureHistory {
  readonly name: string;
  readonly n: number;
  readonly nulls: number;
  readonly null_rate: number | null;
  readonly summary: NumericSummary | null;
  readonly distribution: readonly Bin[];
  /** Against the baseline; null: there is none. */
  readonly psi: number | null;
  readonly threshold: number | null;
}

export interface HistoryPeriod extends Span {
  /** Known as of to_ms; null: tips that it needs have been pruned. */
  readonly users: number | null;
  readonly features: readonly FeatureHistory[];
  /** Requested in the period, and made with these definitions. */
  readonly decisions: number;
  readonly served: readonly FeatureHistory[];
}

export interface HistoryDocument {
  readonly feature_set: string;
  /** Decisions that were made with other definitions, in all periods together. */
  readonly other_definitions: number;
  readonly periods: readonly HistoryPeriod[];
}

/** Yields after each piece of some milliseconds, with the number of profiles read. */
export function* historyOf(
  files: ReadonlyMap<number, string>,
  registry: Registry,
  spans: readonly Span[],
  baseline: Baseline | undefined,
): Generator<number, HistoryDocument> {
  const readers: QualityReader[] = [];
  try {
    for (const path of files.values()) readers.push(new QualityReader(path, registry));
    const served = spans.map(() => ({ samples: samplesOf(registry), decisions: 0 }));
    let [read, others] = [0, 0];
    for (const reader of readers) {
      for (const profiles of reader.served()) {
        for (const { requestedAtMs, featureSet, features } of profiles) {
          const at = spans.findIndex((span) => requestedAtMs >= span.from_ms && requestedAtMs < span.to_ms);
          if (at === -1) continue;
          if (featureSet !== registry.featureSet) {
            others++;
            continue;
          }
          served[at]!.decisions++;
          addAll(served[at]!.samples, features);
        }
        yield (read += profiles.length);
      }
    }
    const exactFromMs = exactFromMsOf(readers);
    const periods: HistoryPeriod[] = [];
    for (const [at, span] of spans.entries()) {
      const samples = samplesOf(registry);
      let users: number | null = null;
      if (exactFromMs === null || span.to_ms >= exactFromMs) {
        users = 0;
        for (const reader of readers) {
          for (const profiles of reader.profiles(span.to_ms)) {
            for (const features of profiles) addAll(samples, features);
            users += profiles.length;
            yield (read += profiles.length);
          }
        }
      }
      periods.push({
        ...span,
        users,
        features: users === null ? [] : historiesOf(samples, baseline),
        decisions: served[at]!.decisions,
        served: historiesOf(served[at]!.samples, baseline),
      });
    }
    return { feature_set: registry.featureSet, other_definitions: others, periods };
  } finally {
    for (const reader of readers) reader.close();
  }
}

function historiesOf(samples: ReadonlyMap<string, Sample>, baseline: Baseline | undefined): FeatureHistory[] {
  return [...samples].map(([name, sample]) => historyOfFeature(name, sample.distribution(), baseline?.distributions.get(name)));
}

function historyOfFeature(name: string, distribution: Distribution, before: Distribution | undefined): FeatureHistory {
  const drift = before && driftOf(before, distribution);
  return {
    name,
    n: distribution.n + distribution.nulls,
    nulls: distribution.nulls,
    null_rate: nullRate(distribution),
    summary: distribution.kind === 'numeric' ? summaryOf(distribution) : null,
    distribution: drawn(distribution, before),
    psi: drift?.psi ?? null,
    threshold: drift?.threshold ?? null,
  };
}
