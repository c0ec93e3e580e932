/** A profile as every reader answers it. A file of its own, because programs that use the library see it, and have no types of Node's. */
import type { FeatureValue } from '../../projections/feature.js';
import type { Positions } from '../positions.js';

export interface ProfileDocument {
  readonly user_id: string;
  readonly as_of_ms: number;
  readonly features: Readonly<Record<string, FeatureValue>>;
  readonly feature_set: string;
  readonly positions: Positions;
}
