/** A recorded decision as another policy would have seen it. */
import type { ScoredEvent } from '../topics.js';
import { CANDIDATE_FEATURES } from './egreedy-v1.js';
import type { PolicyDefinition } from './policy.js';
import { candidateIds, recordedVector } from './scored-event.js';

type Recorded = Pick<ScoredEvent, 'features' | 'profile'>;

/**
 * tip_id -> the vector that `policy` would have had; undefined when the record does not hold what it is made of (random's, or a
 * stranger's).
 */
export function vectorsUnder(policy: PolicyDefinition, event: Recorded): Map<string, number[]> | undefined {
  if (!holdsCandidateFeatures(event)) return undefined;
  return new Map(candidateIds(event).map((tipId) => [tipId, fromRecord(policy, event, recordedVector(event, tipId)!)]));
}

/** The same for one candidate, of which `recorded` is the vector in the record. */
export function vectorUnder(policy: PolicyDefinition, event: Recorded, recorded: ArrayLike<number>): number[] | undefined {
  return holdsCandidateFeatures(event) ? fromRecord(policy, event, Array.from(recorded)) : undefined;
}

function holdsCandidateFeatures({ features: { names } }: Recorded): boolean {
  return CANDIDATE_FEATURES.every((name, i) => names[i] === name);
}

function fromRecord(policy: PolicyDefinition, event: Recorded, recorded: readonly number[]): number[] {
  return policy.fromRecorded(recorded.slice(0, CANDIDATE_FEATURES.length), event.profile.features);
}
