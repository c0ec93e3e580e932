/**
 * Rollouts of nothing on the users and times of a log: chance places users, nobody is treated otherwise than the log says, and whatever is
 * found is a false alarm. How often the guardrail, the verdict on a gain and the gate raise one is what their alpha promises, tried where
 * they are used.
 */
import { TipstreamError } from '../../errors.js';
import { DEFAULT_RANGE, type RewardRange } from '../../policies/controls/reward-rules.js';
import { randomStream, type Random } from '../../random.js';
import { intervalOfHits } from '../beta.js';
import type { Interval } from '../confidence.js';
import type { DecisionLog, UserDecisions } from '../rollouts/decision-log.js';
import { BEFORE_MS, HORIZON_MS } from '../rollouts/looks.js';
import { RELABELLINGS } from '../rollouts/split.js';
import { ROLLOUT_THRESHOLDS } from '../rollouts/thresholds.js';
import { GATE_THRESHOLDS } from '../thresholds.js';
import type { DecisionOdds } from './decision-odds.js';
import { gateOfNothing, type GateFound } from './gate-of-nothing.js';
import { rolloutOfNothing, type Found } from './rollout-of-nothing.js';

export interface AaQuestion {
  readonly decisions: DecisionLog;
  readonly odds: DecisionOdds;
  /** What rewards lie within; 0 to 1 unless given. */
  readonly range?: RewardRange;
}

export interface AaOptions {
  readonly rollouts: number;
  readonly seed: number;
  /** Of the users, treated in each; some usual percentages in turn, and a raise, unless given. */
  readonly percent?: number | undefined;
  /** Of the log's, drawn for each rollout; all unless given. */
  readonly users?: number | undefined;
  readonly relabellings?: number;
}

/** How often each acted. Rates are of the rollouts in which it could act, with 95 % intervals (Clopper and Pearson). */
export interface FalseAlarms {
  readonly rollouts: number;
  /** With enough users to decide, at one look at least. */
  readonly decided: number;
  readonly false_rollbacks: number;
  readonly rollback_rate: Interval;
  /** The comparison of the arms has called nothing better. */
  readonly false_gains: number;
  readonly gain_rate: Interval;
  /** With an effective sample large enough for the gate, at one look at least. */
  readonly judged: number;
  readonly false_promotes: number;
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
  /** Of the log. */
  readonly users: number;
  /** In each rollout. */
  readonly users_drawn: number;
  readonly decisions: number;
  /** Of them, left out by the gate, as their propensities do not add up to 1. */
  readonly without_propensities: number;
  /** Of the first decision and the last. */
  readonly from_ms: number;
  readonly to_ms: number;
  /** What the rates may be at most. */
  readonly alpha: { readonly rollback: number; readonly gain: number; readonly promote: number };
  readonly worlds: readonly AaWorld[];
}

const DAY_MS = 86_400_000;
/** A history before and a whole rollout after. */
export const LEAST_AA_MS = BEFORE_MS + HORIZON_MS;
const WORLDS: readonly (readonly number[])[] = [[10], [50], [95], [10, 50]];

interface Tried extends Found, GateFound {
  readonly world: number;
}

/** Worlds take turns. Yields the number of rollouts done, several times in each. Throws no_data for a log that is too short. */
export function* aaTest({ decisions, odds, range = DEFAULT_RANGE }: AaQuestion, options: AaOptions): Generator<number, AaResult> {
  const { rollouts, seed, relabellings = RELABELLINGS } = options;
  const worlds = options.percent === undefined ? WORLDS : [[options.percent]];
  const { fromMs, toMs } = decisions;
  refuseShort(decisions);
  const users = decisions.users();
  const usersDrawn = Math.min(users.length, options.users ?? users.length);
  const inOrder = odds.inOrder();
  const random = randomStream(seed, 'aa-test');
  const tried: Tried[] = [];
  for (let index = 0; index < rollouts; index++) {
    const startMs = random.integer(Math.floor((fromMs + toMs) / 2), toMs - HORIZON_MS);
    const own = randomStream(seed, `aa-test|${index}`);
    const world = index % worlds.length;
    const rolloutId = `aa-${seed}-${index}`;
    const drawn = someOf(users, usersDrawn, own);
    const found = yield* saying(
      index,
      rolloutOfNothing({ rolloutId, users: drawn, scale: decisions.scale, percents: worlds[world]!, startMs, relabellings }),
    );
    const window = { fromMs: startMs, toMs: startMs + HORIZON_MS };
    tried.push({ world, ...found, ...(yield* saying(index, gateOfNothing(inOrder, window, range, own))) });
  }
  return {
    ...alarmsOf(tried),
    seed,
    relabellings,
    users: users.length,
    users_drawn: usersDrawn,
    decisions: decisions.decisions,
    without_propensities: odds.unusable,
    from_ms: fromMs,
    to_ms: toMs,
    alpha: { rollback: ROLLOUT_THRESHOLDS.alpha, gain: ROLLOUT_THRESHOLDS.alpha / 2, promote: GATE_THRESHOLDS.alpha },
    worlds: worlds.map((percents, world) => ({
      name: percents.map((percent) => `${percent} %`).join(', then '),
      percents,
      ...alarmsOf(tried.filter((one) => one.world === world)),
    })),
  };
}

function refuseShort({ decisions, fromMs, toMs }: DecisionLog): void {
  const [least, before, own] = [LEAST_AA_MS, BEFORE_MS, HORIZON_MS].map((ms) => ms / DAY_MS);
  const needed = `a rollout of nothing needs ${least}: ${before} before it and ${own} of its own`;
  const hint = 'Wait for more decisions, or try it on simulated ones: tipstream demo.';
  if (decisions === 0) throw new TipstreamError('no_data', 'there is no decision here to draw rollouts on', { hint });
  if (toMs - fromMs >= LEAST_AA_MS) return;
  // Rounded down: 28.0 days that are not enough would puzzle.
  const days = (Math.floor((10 * (toMs - fromMs)) / DAY_MS) / 10).toFixed(1);
  throw new TipstreamError('no_data', `the decisions here span ${days} days, and ${needed}`, { hint });
}

function* saying<Result>(index: number, steps: Generator<void, Result>): Generator<number, Result> {
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) yield index;
  return step.value;
}

/** So many of them, each as likely as any other. */
function someOf(users: readonly UserDecisions[], count: number, random: Random): readonly UserDecisions[] {
  if (count === users.length) return users;
  const order = [...users];
  for (let i = 0; i < count; i++) {
    const other = random.integer(i, order.length - 1);
    [order[i], order[other]] = [order[other]!, order[i]!];
  }
  return order.slice(0, count);
}

function alarmsOf(tried: readonly Tried[]): FalseAlarms {
  const [decided, judged] = [tried.filter((one) => one.decided), tried.filter((one) => one.judged)];
  const rollbacks = decided.filter(({ rolledBack }) => rolledBack).length;
  const gains = decided.filter(({ gainShown }) => gainShown).length;
  const promotes = judged.filter(({ promoted }) => promoted).length;
  return {
    rollouts: tried.length,
    decided: decided.length,
    false_rollbacks: rollbacks,
    rollback_rate: intervalOfHits(rollbacks, decided.length, 0.05),
    false_gains: gains,
    gain_rate: intervalOfHits(gains, decided.length, 0.05),
    judged: judged.length,
    false_promotes: promotes,
    promote_rate: intervalOfHits(promotes, judged.length, 0.05),
  };
}
