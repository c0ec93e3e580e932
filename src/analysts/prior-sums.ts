/**
 * What a pooled prior is fitted on: users' own sums over their first decisions, in the vectors of the policy that the prior is for,
 * whichever policy made them. Reads only; the service may run meanwhile.
 */
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { rewardRulesAt, rewardRulesIn, rewardTimeline } from '../policies/controls/reward-rules.js';
import { digestOf, uniformOf } from '../policies/draw.js';
import { ownExamples, translatedExamples } from '../policies/example-source.js';
import { exampleVector, type TrainingExample } from '../policies/learning.js';
import type { PolicyDefinition } from '../policies/policy.js';
import { MIN_PRIOR_REWARDS, type UserSums } from '../policies/prior/fit.js';
import { vectorUnder } from '../policies/revectorise.js';
import { add, emptyState } from '../policies/ridge.js';
import { recordedVector } from '../policies/scored-event.js';
import type { Registry } from '../projections/registry.js';
import { stateFiles, type StateSource } from '../store/directory/state-files.js';
import { FirstDecisions, type Stretch } from '../store/queries/first-decisions.js';
import { positionsOf, type Positions } from '../store/queries/profiles.js';
import type { ControlEvent, ScoredEvent } from '../topics.js';

/** A prior is for newcomers: of each user the decisions count that they had as one. */
const NEWCOMERS_DECISIONS = 100;
/** Where there would be too few rewards, later ones count up to so many. */
const MOST_DECISIONS = 300;
/** More users than this say nothing more: hash of the id chooses among them. */
const MOST_USERS = 5_000;
const USERS_A_TURN = 20;

/** Why a decision with a reward does not count. */
type LeftOut = 'other rewards' | 'no vectors';

export interface PriorSums {
  /** By id, those with a reward that counts. */
  readonly users: readonly UserSums[];
  /** Of the state, with a rewarded decision, those that were not looked at among them. */
  readonly usersKnown: number;
  readonly decisionsPerUser: number;
  readonly leftOut: Readonly<Partial<Record<LeftOut, number>>>;
  /** Of the decisions that count: the newest request, Unix ms; null: there is none. */
  readonly newestAtMs: number | null;
  readonly positions: Positions;
  /** Partitions whose users are not in it, ascending: other members of the group hold them. */
  readonly missing: readonly number[];
}

export interface PriorQuestion extends Stretch {
  readonly state: StateSource;
  readonly registry: Registry;
  readonly policy: PolicyDefinition;
  readonly controls: readonly ControlEvent[];
  /** Decisions count whose reactions were worth what they are worth then, Unix ms. */
  readonly worthAtMs: number;
  readonly signal: AbortSignal;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Throws no_data, state_mismatch, state_incomplete and the signal's reason. */
export async function priorSums(question: PriorQuestion): Promise<PriorSums> {
  const { files, missing } = stateFiles(question.state, question.registry);
  const open = new Map<number, FirstDecisions>();
  try {
    for (const [partition, path] of files) open.set(partition, new FirstDecisions(path, question.registry.featureSet));
    const all = [...open.values()].flatMap((file) => file.learners(question.untilMs).map((user) => ({ ...user, file })));
    const share = MOST_USERS / all.length;
    const users = all.filter(({ userId }) => share >= 1 || uniformOf(digestOf(`prior|${userId}`)) < share);
    const rest = {
      usersKnown: all.length,
      positions: positionsOf(new Map([...open].map(([partition, file]) => [partition, file.positions()]))),
      missing,
    };
    const first = await summed(question, users, NEWCOMERS_DECISIONS);
    const rewards = first.users.reduce((sum, { state }) => sum + state.updates, 0);
    return { ...(rewards >= MIN_PRIOR_REWARDS ? first : await summed(question, users, MOST_DECISIONS)), ...rest };
  } finally {
    for (const file of open.values()) file.close();
  }
}

interface Learner {
  readonly file: FirstDecisions;
  readonly uid: number;
  readonly userId: string;
  readonly resetAtMs: number | null;
}

async function summed(
  { policy, controls, worthAtMs, sinceMs, untilMs, signal, onProgress }: PriorQuestion,
  learners: readonly Learner[],
  limit: number,
): Promise<Pick<PriorSums, 'users' | 'decisionsPerUser' | 'leftOut' | 'newestAtMs'>> {
  const rules = rewardRulesAt(controls, worthAtMs);
  const timeline = rewardTimeline(controls);
  const users: UserSums[] = [];
  const leftOut: Partial<Record<LeftOut, number>> = {};
  let newestAtMs: number | null = null;
  for (const [i, { file, uid, userId, resetAtMs }] of learners.entries()) {
    if (i % USERS_A_TURN === 0) {
      onProgress?.(i, learners.length);
      await setImmediate();
      signal.throwIfAborted();
    }
    const state = emptyState(policy.dimension);
    let squares = 0;
    for (const decision of file.of(uid, { sinceMs: Math.max(sinceMs, resetAtMs ?? 0), untilMs }, limit)) {
      const { learned, requestedAtMs } = decision;
      if (learned === null) continue;
      const x = isDeepStrictEqual(rewardRulesIn(timeline, requestedAtMs), rules) ? vectorOf(policy, decision) : 'other rewards';
      if (typeof x === 'string') {
        leftOut[x] = (leftOut[x] ?? 0) + 1;
        continue;
      }
      add(state, x, learned.reward, 1);
      squares += learned.reward ** 2;
      newestAtMs = Math.max(newestAtMs ?? 0, requestedAtMs);
    }
    if (state.updates > 0) users.push({ userId, state, squares });
  }
  return { users, decisionsPerUser: limit, leftOut, newestAtMs };
}

/** Of the tip that was rewarded: as recorded where the policy decided itself, else as it would have had it. */
function vectorOf(policy: PolicyDefinition, { event, learned }: TrainingExample & { readonly event: ScoredEvent }): Float64Array | LeftOut {
  const { tipId } = learned!;
  if (event.policy === policy.name) return exampleVector(event, ownExamples(policy.name)!, tipId) ?? 'no vectors';
  const recorded = recordedVector(event, tipId);
  // A record that does not hold what the vector is made of would say that its entries are 0.
  if (recorded === undefined || vectorUnder(policy, event, tipId, recorded) === undefined) return 'no vectors';
  return exampleVector(event, translatedExamples(event.policy, policy), tipId) ?? 'no vectors';
}
