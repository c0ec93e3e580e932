/** What a rollout could find, said before it begins: how many users chance would place in each arm, and which harm would show. */
import { setImmediate } from 'node:timers/promises';
import { DecisionLog, sumsIn } from '../evaluation/rollouts/decision-log.js';
import { leastHoldout } from '../evaluation/rollouts/epochs.js';
import { findable, type Findable } from '../evaluation/rollouts/findable.js';
import { placeInRollout } from '../evaluation/rollouts/look-sums.js';
import { AGES_MS, BEFORE_MS, HORIZON_MS } from '../evaluation/rollouts/looks.js';
import { RolloutUsers } from '../evaluation/rollouts/users.js';
import { TipstreamError } from '../errors.js';
import { inTurns } from '../in-turns.js';
import type { RolloutHistory } from '../policies/controls/rollout-history.js';
import { presentStateFiles, type StateSource } from '../store/directory/state-files.js';
import { rolloutDecisions, userCount } from '../store/queries/rollout-decisions.js';

/** What the state files say of the time before a rollout. */
export interface UsersBefore {
  /** Users with a decision in the two weeks before; of a state without any such decision, all users that it knows. */
  readonly users: number;
  readonly decisions: DecisionLog;
  /** When the rollout begins, Unix ms. */
  readonly atMs: number;
  /** Partitions whose users are not counted, ascending. */
  readonly missing: readonly number[];
}

/** The time before a rollout that is looked at: two stretches as long as a rollout that is judged at its horizon. */
const LOOKED_BACK_MS = BEFORE_MS + HORIZON_MS;

/** undefined: there is no state here. Throws state_mismatch and the signal's reason. */
export async function usersBefore(state: StateSource, atMs: number, signal: AbortSignal): Promise<UsersBefore | undefined> {
  let present;
  try {
    present = presentStateFiles(state);
  } catch (error) {
    if (error instanceof TipstreamError && (error.code === 'no_data' || error.code === 'state_incomplete')) return undefined;
    throw error;
  }
  const [decisions, recent] = [new DecisionLog(), new Set<string>()];
  let known = 0;
  for (const path of present.files.values()) {
    known += userCount(path);
    for (const piece of rolloutDecisions(path, { fromMs: atMs - LOOKED_BACK_MS, toMs: atMs })) {
      for (const decision of piece.decisions) {
        decisions.add(decision);
        if (decision.requestedAtMs >= atMs - BEFORE_MS) recent.add(decision.userId);
      }
      await setImmediate();
      signal.throwIfAborted();
    }
  }
  return { users: recent.size > 0 ? recent.size : known, decisions, atMs, missing: present.missing };
}

/** With fewer users than this no arm is large enough for the guardrail, however they are divided. */
const LEAST_DIVIDED = 40;

/** Percent of the users that a promote for all leaves out unless it is told; undefined: nobody knows how many there are. */
export function defaultHoldout(users: number | undefined): number {
  return users === undefined || users < LEAST_DIVIDED ? leastHoldout(Infinity) : leastHoldout(users);
}

export interface RolloutPreview extends Pick<Findable, 'harm' | 'undecided' | 'smallerArm'> {
  /** Users with a decision in the two weeks before, as chance has placed them. */
  readonly treated: number;
  readonly control: number;
  /** In which the harm would show, ms; 0: there was no decision before. */
  readonly withinMs: number;
}

/** A rollout that covers so many percent of the users. Throws the signal's reason. */
export async function rolloutPreview(
  { decisions, atMs }: UsersBefore,
  rollout: Pick<RolloutHistory, 'id' | 'split'>,
  percent: number,
  signal: AbortSignal,
): Promise<RolloutPreview> {
  // Where less is known, half of it is taken for a rollout.
  const withinMs = Math.max(0, Math.min(HORIZON_MS, (atMs - decisions.fromMs) / 2));
  const ageMs = AGES_MS.findLast((age) => 4 * age <= withinMs) ?? AGES_MS[0]!;
  const after = { fromMs: atMs - withinMs, toMs: atMs - ageMs };
  const before = { fromMs: atMs - 2 * withinMs, toMs: after.fromMs - ageMs };
  const [placeOf, users] = [placeInRollout(rollout), new RolloutUsers(decisions.scale)];
  const recent = { fromMs: atMs - BEFORE_MS, toMs: atMs };
  let [treated, control] = [0, 0];
  for (const user of decisions.users()) {
    const place = placeOf(user.userId);
    users.add({ place, before: sumsIn(user, before, ageMs), after: sumsIn(user, after, ageMs) });
    if (sumsIn(user, recent, ageMs).decisions === 0) continue;
    if (place.u < percent / 100) treated++;
    else control++;
  }
  const split = { rolloutId: rollout.id, fromPercent: 0, percent, controlFromPercent: percent };
  const { harm, undecided, smallerArm } = await inTurns(findable(users, split), signal);
  return { treated, control, withinMs, harm, undecided, smallerArm };
}
