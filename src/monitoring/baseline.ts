/** `quality-baseline.json` in the data directory: how features were distributed at a time that everything later is compared with. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { TipstreamError } from '../errors.js';
import type { Registry } from '../projections/registry.js';
import type { Distribution } from '../quality/distribution.js';
import { writeFirst, writeWhole } from '../store/directory/write-whole.js';
import { positionsOf, type Positions } from '../store/queries/profiles.js';
import type { StateSurvey } from './state-survey.js';

/** Raised when what is in the file changes. */
const VERSION = 1;
const AGAIN = 'Run `tipstream quality baseline` to store another one.';

const count = z.number().int().nonnegative();
const distribution = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('numeric'),
    n: count,
    nulls: count,
    values: z.array(z.number()),
    counts: z.array(count),
    rank_error: count,
  }),
  z.object({
    kind: z.literal('categorical'),
    n: count,
    nulls: count,
    counts: z.array(z.tuple([z.string(), count])),
    others: count,
  }),
]);
type StoredDistribution = z.infer<typeof distribution>;

const document = z.object({
  version: z.literal(VERSION),
  made_at_ms: count,
  as_of_ms: count,
  feature_set: z.string(),
  /** Known as of then. */
  users: count,
  positions: z.record(z.string(), z.record(z.string(), count)),
  /** Whose users are in it. */
  partitions: z.array(count),
  partitions_missing: z.array(count),
  features: z.record(z.string(), distribution),
  /** Category -> servings in the 30 days before. Empty where there were none. */
  categories: z.array(z.tuple([z.string(), count])),
  /** Category -> candidates of the decisions of these 30 days. Absent: an earlier version stored the baseline. */
  candidate_categories: z.array(z.tuple([z.string(), count])).optional(),
});

/** What is said of a baseline beside what is compared with it. */
export interface BaselineFacts {
  readonly as_of_ms: number;
  readonly made_at_ms: number;
  readonly feature_set: string;
  readonly users: number;
  readonly positions: Positions;
  readonly partitions: readonly number[];
  readonly partitions_missing: readonly number[];
}

export interface Baseline extends BaselineFacts {
  readonly distributions: ReadonlyMap<string, Distribution>;
  readonly categories: ReadonlySet<string>;
  /** Of candidates. undefined: the baseline says nothing of them. */
  readonly candidateCategories: ReadonlySet<string> | undefined;
}

/** Without what is compared with it. */
export function factsOf({ distributions: _, categories: __, candidateCategories: ___, ...facts }: Baseline): BaselineFacts {
  return facts;
}

const baselineFile = (dataDirectory: string) => join(dataDirectory, 'quality-baseline.json');

/**
 * undefined: there is none. Throws state_mismatch for one of another feature set or of a later version, state_corrupt for one that cannot
 * be read.
 */
export function readBaseline(dataDirectory: string, { featureSet }: Pick<Registry, 'featureSet'>): Baseline | undefined {
  const path = baselineFile(dataDirectory);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new TipstreamError('state_corrupt', `${path} cannot be read`, { hint: AGAIN, details: { path }, cause: error });
  }
  const version = (json as { readonly version?: unknown } | null)?.version;
  if (typeof version === 'number' && version > VERSION)
    throw new TipstreamError('state_mismatch', `${path} has version ${version}; this tipstream knows version ${VERSION}`, {
      hint: AGAIN,
      details: { path },
    });
  const parsed = document.safeParse(json);
  if (!parsed.success) throw new TipstreamError('state_corrupt', `${path} is no baseline`, { hint: AGAIN, details: { path } });
  const { version: _, features, categories, candidate_categories: ofCandidates = [], ...facts } = parsed.data;
  if (facts.feature_set !== featureSet)
    throw new TipstreamError('state_mismatch', `${path} is of the feature set ${facts.feature_set}; this process has ${featureSet}`, {
      hint: AGAIN,
      details: { path, feature_set: facts.feature_set },
    });
  return {
    ...facts,
    distributions: new Map(Object.entries(features).map(([name, stored]) => [name, restored(stored)])),
    categories: new Set(categories.map(([category]) => category)),
    candidateCategories: ofCandidates.length === 0 ? undefined : new Set(ofCandidates.map(([category]) => category)),
  };
}

/** One that cannot be used is said, and keeps nobody from the rest. */
export function usableBaseline(
  dataDirectory: string,
  registry: Pick<Registry, 'featureSet'>,
): { readonly baseline?: Baseline | undefined; readonly refused?: TipstreamError } {
  try {
    return { baseline: readBaseline(dataDirectory, registry) };
  } catch (error) {
    if (error instanceof TipstreamError) return { refused: error };
    throw error;
  }
}

export interface BaselineOptions {
  readonly featureSet: string;
  readonly madeAtMs: number;
  readonly missing: readonly number[];
  /** As surveyCandidates answers them, as of the same time. */
  readonly candidates: ReadonlyMap<string, number>;
}

/** Takes the place of the one before, whole. Throws not_enough_data for a state without users, disk_full. */
export function writeBaseline(dataDirectory: string, survey: StateSurvey, options: BaselineOptions): BaselineFacts {
  const { facts, text } = baselineOf(survey, options);
  writeWhole(baselineFile(dataDirectory), text);
  return facts;
}

/** Only where there is none; undefined: there is. Throws not_enough_data for a state without users, disk_full. */
export function writeFirstBaseline(dataDirectory: string, survey: StateSurvey, options: BaselineOptions): BaselineFacts | undefined {
  const { facts, text } = baselineOf(survey, options);
  return writeFirst(baselineFile(dataDirectory), text) ? facts : undefined;
}

function baselineOf(
  survey: StateSurvey,
  { featureSet, madeAtMs, missing, candidates }: BaselineOptions,
): { readonly facts: BaselineFacts; readonly text: string } {
  if (survey.users === 0)
    throw new TipstreamError(
      'not_enough_data',
      `no user is known as of ${new Date(survey.asOfMs).toISOString()}: nothing to compare with`,
      {
        hint: 'Give --as-of a time at which users are known.',
      },
    );
  const facts: BaselineFacts = {
    as_of_ms: survey.asOfMs,
    made_at_ms: madeAtMs,
    feature_set: featureSet,
    users: survey.users,
    positions: positionsOf(survey.positions),
    partitions: [...survey.positions.keys()].sort((a, b) => a - b),
    partitions_missing: missing,
  };
  const text = JSON.stringify({
    version: VERSION,
    ...facts,
    features: Object.fromEntries([...survey.distributions].map(([name, one]) => [name, stored(one)])),
    categories: [...survey.tips.categories],
    candidate_categories: [...candidates],
  });
  return { facts, text: `${text}\n` };
}

function stored(of: Distribution): StoredDistribution {
  const { n, nulls } = of;
  if (of.kind === 'categorical') return { kind: 'categorical', n, nulls, counts: [...of.counts], others: of.others };
  return { kind: 'numeric', n, nulls, values: [...of.values], counts: [...of.counts], rank_error: of.rankError };
}

function restored(of: StoredDistribution): Distribution {
  if (of.kind === 'categorical') return { ...of, counts: new Map(of.counts) };
  const { n, nulls, values, counts, rank_error: rankError } = of;
  return { kind: 'numeric', n, nulls, values: Float64Array.from(values), counts: Float64Array.from(counts), rankError };
}
