/**
 * How a decision's reward moves the sums of the policy that scored it: the old reward is taken out, the new one put in, both with the vector
 * that was recorded when the decision was scored. Which decisions count since a reset is control.ts's `countsAfterReset`.
 */
import type { ScoredEvent } from '../topics.js';
import type { PolicyDefinition } from './policy.js';
import { quantise } from './quantise.js';
import type { Reward } from './reward.js';
import { add, type RidgeState } from './ridge.js';
import { recordedVector } from './scored-event.js';

/** Every policy's entries lie in [-1, 1]; a stranger's record with larger ones than this would cost the sums their exactness. */
const MAX_ENTRY = 64;

/**
 * The vector that a reward for `tipId` teaches `policy`; undefined when the decision has none that fits: another dimension, or entries out of range.
 * Our own vectors are on the grid already, and quantising leaves them as they are; it keeps the sums exact for records others wrote.
 */
export function lessonVector(decision: Pick<ScoredEvent, 'features'>, policy: PolicyDefinition, tipId: string): Float64Array | undefined {
  const recorded = recordedVector(decision, tipId);
  if (recorded === undefined || recorded.length !== policy.dimension) return undefined;
  // Written so that NaN fails it too.
  if (!recorded.every((entry) => Math.abs(entry) <= MAX_ENTRY)) return undefined;
  return Float64Array.from(recorded, quantise);
}

/**
 * Moves `state` from having learned `before` to having learned `after` (null: nothing), by exact differences. `state.updates` counts decisions
 * with a reward. Returns whether the state changed.
 */
export function applyRewardChange(
  state: RidgeState,
  policy: PolicyDefinition,
  decision: Pick<ScoredEvent, 'features'>,
  before: Reward | null,
  after: Reward | null,
): boolean {
  if (before?.tipId === after?.tipId && before?.reward === after?.reward) return false;
  const old = before === null ? undefined : lessonVector(decision, policy, before.tipId);
  const next = after === null ? undefined : lessonVector(decision, policy, after.tipId);
  if (old !== undefined) add(state, old, before!.reward, -1);
  if (next !== undefined) add(state, next, after!.reward, 1);
  return old !== undefined || next !== undefined;
}
