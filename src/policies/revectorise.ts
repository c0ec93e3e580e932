/** A recorded decision as another policy would have seen it. */
import type { ScoredEvent } from '../topics.js';
import { CANDIDATE_FEATURES } from './egreedy-v1.js';
import type { PolicyDefinition } from './policy.js';
import { candidateIds, recordedVector } from './scored-event.js';

/**
 * tip_id -> the vector that `policy` would have had; undefined when the record does not hold what it is made of (random's, or a stranger's).
 */
export function vectorsUnder(policy: PolicyDefinition, event: Pick<ScoredEvent, 'features' | 'profile'>): Map<string, number[]> | undefined {
  const { names } = event.features;
  if (!CANDIDATE_FEATURES.every((name, i) => names[i] === name)) return undefined;
  return new Map(candidateIds(event).map((tipId) => [tipId, policy.fromRecorded(recordedVector(event, tipId)!.slice(0, CANDIDATE_FEATURES.length), event.profile.features)]));
}
