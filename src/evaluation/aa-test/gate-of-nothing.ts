/**
 * The gate on a policy that makes no difference, looked at again and again as decisions come in.
 *
 * The decisions are the log's, with their times, propensities and rewards. What was served is drawn again by those propensities, so no
 * reward depends on it. The policy that is judged does as the logged one, but in some decisions it takes the likeliest candidate and
 * another one for each other. So its gain is 0 in every decision, and whatever is shown is a false alarm.
 */
import type { RewardRange } from '../../policies/controls/reward-rules.js';
import { pick } from '../../policies/draw.js';
import type { Random } from '../../random.js';
import { GainTest } from '../bounds/gain-test.js';
import { EffectiveSize } from '../effective-size.js';
import type { Window } from '../rollouts/looks.js';
import { GATE_THRESHOLDS } from '../thresholds.js';
import type { OddsInOrder } from './decision-odds.js';

export interface GateFound {
  /** The effective sample was large enough for a verdict, at one look at least. */
  readonly judged: boolean;
  readonly promoted: boolean;
}

/** In so many decisions the two policies differ. */
const SHARE_THAT_DIFFERS = 0.3;
/** It is looked at after so many decisions, and then whenever there are two percent more. */
const FIRST_LOOK = 200;
const MORE_A_LOOK = 1.02;
/** More of a window say nothing new of alpha. */
const MOST_DECISIONS = 20_000;

/** `range`: what rewards lie within. Yields after each look. */
export function* gateOfNothing(odds: OddsInOrder, window: Window, range: RewardRange, random: Random): Generator<void, GateFound> {
  const { alpha, min_gain: minGain, min_ess: minEss } = GATE_THRESHOLDS;
  const span = range.high - range.low;
  const [test, size] = [new GainTest(minGain / span), new EffectiveSize()];
  const { from, to } = odds.within(window);
  const end = Math.min(to, from + MOST_DECISIONS);
  let judged = false;
  for (let index = from, look = FIRST_LOOK; index < end; index++) {
    const { propensities, reward } = odds.at(index);
    const weight = weightOfNothing(propensities, random);
    // As a share of the range, in which a decision without a reward counts as 0.
    test.add(((weight - 1) * ((reward ?? 0) - range.low)) / span);
    if (reward !== null) size.add(weight);
    const n = index - from + 1;
    if (n < look && index < end - 1) continue;
    look = Math.ceil(n * MORE_A_LOOK);
    const isLarge = size.value >= minEss;
    judged ||= isLarge;
    if (isLarge && test.logEvidence >= Math.log(1 / alpha)) return { judged, promoted: true };
    yield;
  }
  return { judged, promoted: false };
}

/** Of what is served, drawn by the propensities: the largest is first. 1 on average. */
export function weightOfNothing(propensities: readonly number[], random: Random): number {
  const differs = random.next() < SHARE_THAT_DIFFERS;
  const u = random.next();
  if (!differs || propensities.length < 2) return 1;
  const other = random.integer(1, propensities.length - 1);
  const [first, second] = [propensities[0]!, propensities[other]!];
  const served = pick(propensities, u);
  return served === 0 ? second / first : served === other ? first / second : 1;
}
