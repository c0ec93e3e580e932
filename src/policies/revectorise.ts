/** A recorded decision as another policy would have seen it. */
import type { ScoredEvent } from '../topics.js';
import { CANDIDATE_FEATURES } from './egreedy-v1.js';
import type { PolicyDefinition } from './policy.js';
import { candidateIds, recordedVector } from './scored-event.js';

type Recorded = Pick<ScoredEvent, 'features' | 'profile' | 'ranking'>;

/**
 * tip_id -> the vector that `policy` would have had; undefined when the record does not hold what it is made of (random's, or a
 * stranger's). Earlier versions recorded no categories: what an entry makes of one is then 0.
 */
export function vectorsUnder(policy: PolicyDefinition, event: Recorded): Map<string, number[]> | undefined {
  if (!holdsCandidateFeatures(event)) return undefined;
  const categories = new Map(event.ranking.map(({ tip_id, category }) => [tip_id, category]));
  return new Map(
    candidateIds(event).map((tipId) => [tipId, fromRecord(policy, event, recordedVector(event, tipId)!, categories.get(tipId) ?? null)]),
  );
}

/** The same for one candidate, of which `recorded` is the vector in the record. */
export function vectorUnder(policy: PolicyDefinition, event: Recorded, tipId: string, recorded: ArrayLike<number>): number[] | undefined {
  if (!holdsCandidateFeatures(event)) return undefined;
  return fromRecord(policy, event, Array.from(recorded), event.ranking.find(({ tip_id }) => tip_id === tipId)?.category ?? null);
}

function holdsCandidateFeatures({ features: { names } }: Recorded): boolean {
  return CANDIDATE_FEATURES.every((name, i) => names[i] === name);
}

function fromRecord(policy: PolicyDefinition, event: Recorded, recorded: readonly number[], category: string | null): number[] {
  return policy.fromRecorded(recorded.slice(0, CANDIDATE_FEATURES.length), event.profile.features, category);
}
