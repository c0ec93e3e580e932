/**
 * What a policy is: a named way to turn (context, profile, candidate) into a feature vector, with the hyperparameters it is scored with.
 * Policies live one to a file and are listed in registry.ts; score.ts turns one
 * into a decision.
 */
import type { FeatureValue } from '../projections/feature.js';
import type { Candidate } from '../topics.js';

/** When the decision was asked for, and how far the user's local time is ahead of UTC. */
export interface DecisionContext {
  readonly requestedAtMs: number;
  readonly utcOffsetMin: number;
}

/** A user's profile: feature name -> value; null and absent are the same. */
export type ProfileValues = Readonly<Record<string, FeatureValue>>;

export interface Hyperparameters {
  /** Ridge penalty: the prior's weight, added to the diagonal of G when solving. */
  readonly lambda: number;
  /** Share of the probability spread over all candidates, when no configure says otherwise. */
  readonly epsilon: number;
  readonly [name: string]: number;
}

/** What an entry of a vector is made of, for model cards and the admin page. Every entry is then rounded to a multiple of 1/4096. */
export interface PolicyInput {
  readonly from: string;
  readonly normalised: string;
}

/** A candidate's feature vector: `dimension` entries, each on the 2^-12 grid and finite; the caller's to keep. */
export type Vectorizer = (candidate: Candidate) => number[];

export interface PolicyDefinition {
  /** As events name it; a shadow's events add SHADOW_SUFFIX. */
  readonly name: string;
  /** Entries of a vector, and of theta. */
  readonly dimension: number;
  /** One per entry, in order. */
  readonly featureNames: readonly string[];
  /** One per entry, by its name. */
  readonly inputs: Readonly<Record<string, PolicyInput>>;
  readonly hyperparameters: Hyperparameters;
  /**
   * Its own share of exploration, where settings do not decide: 1 chooses uniformly, 0 the highest score. null: epsilon is as configured.
   */
  readonly fixedEpsilon: number | null;
  /** How much is added to a score for what is not known yet: alpha x sqrt(x' A^-1 x); 0 adds nothing. */
  readonly optimism: number;
  /** Changes when the meaning of a vector changes, so that sums learned under another meaning are not mistaken for this one's. */
  readonly stateVersion: number;
  /**
   * The vector of a candidate of which another policy recorded egreedy-v1's seven entries: they, the recorded profile and the recorded
   * category (null: it had none, or it was not recorded) hold all that any vector is made of. Equal to the vectorizer's, bit for bit.
   */
  fromRecorded(seven: readonly number[], profile: ProfileValues, category: string | null): number[];
  /** The vectors of one decision: context and profile are read once for all its candidates. */
  vectorizer(context: DecisionContext, profile: ProfileValues): Vectorizer;
}

/** A pooled prior: a user's theta is taken to be near `theta` until their own rewards say otherwise. */
export interface PooledPrior {
  /** control_id of the configure that set it. */
  readonly controlId: string;
  /** theta_0, one per entry of the policy's vector. */
  readonly theta: readonly number[];
  /** Takes the place of the policy's own. */
  readonly lambda: number;
}

/** egreedy-v2 running beside the live policy is `egreedy-v2-shadow` in its events, and in its draws. */
export const SHADOW_SUFFIX = '-shadow';
