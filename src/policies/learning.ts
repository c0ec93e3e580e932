/**
 * How a decision's reward moves sums: the old reward is taken out, the new one put in, both with the vector that was recorded when the
 * decision was scored, or with the one that another policy would have had. Which decisions count since when is migration.ts's.
 */
import type { ScoredEvent } from '../topics.js';
import type { ExampleSource } from './example-source.js';
import { policyOfEvent } from './registry.js';
import { quantise } from './quantise.js';
import { vectorUnder } from './revectorise.js';
import type { Reward } from './reward.js';
import { add, emptyState, type RidgeState } from './ridge.js';
import { recordedVector } from './scored-event.js';

/** Every policy's entries lie in [-1, 1]; a stranger's record with larger ones than this would cost the sums their exactness. */
const MAX_ENTRY = 64;

type Decided = Pick<ScoredEvent, 'features' | 'profile' | 'ranking'>;

/**
 * The vector that a reward for `tipId` is learned with; undefined when the decision has none that fits the policy that made it: another
 * dimension, or entries out of range. Our own vectors are on the grid already, and quantising leaves them as they are; it keeps the
 * sums exact for records others wrote. A translated example whose record does not hold what the other vector is made of is padded with
 * zeros: nothing is learned of the new entries, and nothing is lost of the old ones.
 */
export function exampleVector(
  decision: Decided,
  { decidedBy, vectors, translated }: ExampleSource,
  tipId: string,
): Float64Array | undefined {
  const recorded = fitting(recordedVector(decision, tipId), policyOfEvent(decidedBy)?.dimension);
  if (!translated || recorded === undefined) return recorded;
  const other = fitting(vectorUnder(vectors, decision, tipId, recorded), vectors.dimension);
  if (other !== undefined) return other;
  const padded = new Float64Array(vectors.dimension);
  padded.set(recorded);
  return padded;
}

function fitting(vector: readonly number[] | undefined, dimension: number | undefined): Float64Array | undefined {
  if (vector === undefined || vector.length !== dimension) return undefined;
  // Written so that NaN fails it too.
  return vector.every((entry) => Math.abs(entry) <= MAX_ENTRY) ? Float64Array.from(vector, quantise) : undefined;
}

/**
 * Moves `state` from having learned `before` to having learned `after` (null: nothing), by exact differences. `state.updates` counts
 * decisions with a reward. Returns whether the state changed.
 */
export function applyRewardChange(
  state: RidgeState,
  examples: ExampleSource,
  decision: Decided,
  before: Reward | null,
  after: Reward | null,
): boolean {
  if (before?.tipId === after?.tipId && before?.reward === after?.reward) return false;
  const old = before === null ? undefined : exampleVector(decision, examples, before.tipId);
  const next = after === null ? undefined : exampleVector(decision, examples, after.tipId);
  if (old !== undefined) add(state, old, before!.reward, -1);
  if (next !== undefined) add(state, next, after!.reward, 1);
  return old !== undefined || next !== undefined;
}

/** A decision and its reward. */
export interface TrainingExample {
  readonly requestedAtMs: number;
  readonly event: Decided;
  readonly learned: Reward | null;
}

/** The sums over `decisions`, which are those that `examples` names, requested at or after `sinceMs`. */
export function sumOf(examples: ExampleSource, sinceMs: number, decisions: Iterable<TrainingExample>): RidgeState {
  const state = emptyState(examples.vectors.dimension);
  for (const { requestedAtMs, event, learned } of decisions)
    if (requestedAtMs >= sinceMs) applyRewardChange(state, examples, event, null, learned);
  return state;
}
