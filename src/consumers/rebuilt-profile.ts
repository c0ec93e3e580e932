import type { FeatureValues } from '../projections/feature.js';

/** What a rebuild of one user says. Part of the library's types, and so free of what the library is made with. */
export interface RebuiltProfile {
  readonly user_id: string;
  readonly as_of_ms: number;
  /** What was answered as of now; null: the user was not known. */
  readonly before: FeatureValues | null;
  readonly after: FeatureValues | null;
  /** Names of features that were wrong: in the answer as of now, or in the tips that it is kept up to date from. */
  readonly changed: readonly string[];
  readonly replayed_events: number;
}
