/** What a rebuild of one user says. The library exports it, so nothing here may import SQLite's types. */
import type { FeatureValues } from '../../projections/feature.js';
import type { Positions } from '../../store/positions.js';

/** The result of rebuilding one user. */
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

export interface UserRebuild extends RebuiltProfile {
  /** Where the state stood. */
  readonly positions: Positions;
}
