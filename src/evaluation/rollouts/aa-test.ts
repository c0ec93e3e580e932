/**
 * Rollouts of nothing on the users and times of a log: chance places users, nobody is treated otherwise than the log says, and whatever is
 * found is a false alarm. How often the guardrail and the verdict on a gain raise one is what their alpha promises, tried where it is used.
 */
import { randomStream } from '../../random.js';
import { TipstreamError } from '../../errors.js';
import { intervalOfHits } from '../beta.js';
import type { Interval } from '../confidence.js';
import { sumsIn, type DecisionLog, type UserDecisions } from './decision-log.js';
import { epochsOf, type Epoch } from './epochs.js';
import { judgeLook, type LookState, type LookVerdict } from './judge-look.js';
import { BEFORE_MS, HORIZON_MS, looksOf, type Look } from './looks.js';
import { placeOf, type Place } from './place.js';
import { RELABELLINGS } from './split.js';
import { ROLLOUT_THRESHOLDS } from './thresholds.js';
import { RolloutUsers } from './users.js';

export interface AaOptions {
  readonly rollouts: number;
  readonly seed: number;
  readonly relabellings?: number;
}

/** How often something was found, of the rollouts that could decide. */
export interface FalseAlarms {
  readonly rollouts: number;
  /** With enough users to decide, at one look at least. */
  readonly decided: number;
  readonly false_rollbacks: number;
  readonly false_promotes: number;
  /** 95 % intervals of the two rates, of those that decided. */
  readonly rollback_rate: Interval;
  readonly promote_rate: Interval;
}

export interface AaWorld extends FalseAlarms {
  readonly name: string;
  /** Of the users, treated: from the start, and from a raise on. */
  readonly percents: readonly number[];
}

export interface AaResult extends FalseAlarms {
  readonly seed: number;
  readonly relabellings: number;
  readonly users: number;
  readonly decisions: number;
  readonly from_ms: number;
  readonly to_ms: number;
  /** What the rates may be at most. */
  readonly alpha: { readonly rollback: number; readonly promote: number };
  readonly worlds: readonly AaWorld[];
}

const DAY_MS = 86_400_000;
/** A history before and a whole rollout after. */
export const LEAST_AA_MS = BEFORE_MS + HORIZON_MS;
/** When the percentage is raised, in the world where it is. */
const RAISED_AFTER_MS = 2 * DAY_MS;

const WORLDS: readonly (readonly number[])[] = [[10], [50], [95], [10, 50]];

interface Found {
  readonly world: number;
  readonly decided: boolean;
  readonly rolledBack: boolean;
  readonly better: boolean;
}

/**
 * Worlds take turns. Yields the number of rollouts done, several times in each. Throws invalid_argument for a log that is too short, and
 * no_data for one without a decision.
 */
export function* aaTest(log: DecisionLog, { rollouts, seed, relabellings = RELABELLINGS }: AaOptions): Generator<number, AaResult> {
  const { decisions, fromMs, toMs } = log;
  if (decisions === 0) throw new TipstreamError('no_data', 'there is no decision here to draw rollouts on');
  if (toMs - fromMs < LEAST_AA_MS)
    throw new TipstreamError(
      'invalid_argument',
      `the decisions here span ${((toMs - fromMs) / DAY_MS).toFixed(1)} days, and a rollout of nothing needs ${LEAST_AA_MS / DAY_MS}: ` +
        `${BEFORE_MS / DAY_MS} before it and ${HORIZON_MS / DAY_MS} of its own`,
      { hint: 'Wait for more decisions, or try it on simulated ones: tipstream demo.' },
    );
  const users = log.users();
  const random = randomStream(seed, 'aa-test');
  const found: Found[] = [];
  for (let index = 0; index < rollouts; index++) {
    const startMs = random.integer(Math.floor((fromMs + toMs) / 2), toMs - HORIZON_MS);
    const world = index % WORLDS.length;
    const steps = rolloutOfNothing(users, `aa-${seed}-${index}`, WORLDS[world]!, startMs, relabellings);
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) yield index;
    found.push({ world, ...step.value });
  }
  return {
    ...rates(found),
    seed,
    relabellings,
    users: users.length,
    decisions,
    from_ms: fromMs,
    to_ms: toMs,
    alpha: { rollback: ROLLOUT_THRESHOLDS.alpha, promote: ROLLOUT_THRESHOLDS.alpha / 2 },
    worlds: WORLDS.map((percents, world) => ({
      name: `${percents.join(' %, then ')} %`,
      percents,
      ...rates(found.filter((one) => one.world === world)),
    })),
  };
}

function* rolloutOfNothing(
  users: readonly UserDecisions[],
  rolloutId: string,
  percents: readonly number[],
  startMs: number,
  relabellings: number,
): Generator<void, Omit<Found, 'world'>> {
  const places = users.map(({ userId }) => placeOf(rolloutId, userId));
  const steps = percents.map((percent, step) => ({ atMs: startMs + step * RAISED_AFTER_MS, percent }));
  let [decided, better] = [false, false];
  for (const epoch of epochsOf(rolloutId, steps, ROLLOUT_THRESHOLDS.alpha)) {
    let state: LookState | null = null;
    for (const look of looksWithin(epoch, startMs)) {
      const verdict: LookVerdict = yield* judgeLook({ epoch, look, users: usersAt(users, places, look), state, relabellings });
      state = verdict.state;
      decided ||= verdict.rollback.undecided === null;
      better ||= verdict.gain!.better;
      // As the guardrail ends it. What a gain would have been said to be later does not matter any more.
      if (verdict.rollback.now) return { decided, rolledBack: true, better };
    }
  }
  return { decided, rolledBack: false, better };
}

/** Of the rollout's two weeks, whose end is the last epoch's horizon. */
function looksWithin({ startMs, endMs }: Epoch, rolloutStartMs: number): Look[] {
  const untilMs = rolloutStartMs + HORIZON_MS;
  return looksOf({ rolloutStartMs, startMs, untilMs: endMs ?? untilMs, horizonMs: untilMs - startMs });
}

function usersAt(users: readonly UserDecisions[], places: readonly Place[], { before, after, ageMs }: Look): RolloutUsers {
  const known = new RolloutUsers();
  for (const [i, user] of users.entries())
    known.add({ place: places[i]!, before: sumsIn(user, before, ageMs), after: sumsIn(user, after, ageMs) });
  return known;
}

function rates(found: readonly Found[]): FalseAlarms {
  const decided = found.filter((one) => one.decided);
  const [rollbacks, promotes] = [decided.filter(({ rolledBack }) => rolledBack).length, decided.filter(({ better }) => better).length];
  return {
    rollouts: found.length,
    decided: decided.length,
    false_rollbacks: rollbacks,
    false_promotes: promotes,
    rollback_rate: intervalOfHits(rollbacks, decided.length, 0.05),
    promote_rate: intervalOfHits(promotes, decided.length, 0.05),
  };
}
