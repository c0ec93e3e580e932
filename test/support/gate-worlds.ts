/** Logs of policies whose difference is known, as the gate meets them: looked at again and again while decisions come in. */
import { GainTest } from '../../src/evaluation/bounds/gain-test.js';
import { logSumExp, RATES_FOR_ALL_TIMES } from '../../src/evaluation/bounds/rates.js';
import { EffectiveSize } from '../../src/evaluation/effective-size.js';
import { GATE_THRESHOLDS } from '../../src/evaluation/thresholds.js';
import type { Random } from '../../src/random.js';

export const EPSILON = 0.1;
/** Share of the decisions in which the new policy scores another candidate highest: number 1 instead of number 0. */
export const DIFFERS = 0.3;
const FIRST_LOOK = 200;
const MORE_A_LOOK = 1.02;

export interface World {
  /** How likely the candidate is done in decision number `i`. */
  readonly chance: (candidate: number, i: number, differs: boolean) => number;
  /** How likely it is that no reward comes. */
  readonly missing?: (candidate: number) => number;
}

/** By name, worlds without a gain: in no decision, or not on average. `part`: how far the run is through all runs, 0 to 1. */
export const NULLS: Readonly<Record<string, (part: number) => World>> = {
  constant: () => ({ chance: () => 0.4 }),
  // Number 1 is better in every other decision, and worse in the others.
  'differing by candidate': () => ({
    chance: (candidate, i) => (candidate === 0 ? 0.4 : candidate === 1 ? (i % 2 === 0 ? 0.2 : 0.6) : 0.7),
  }),
  'drifting mean': () => ({ chance: (_, i) => 0.4 + 0.3 * Math.sin(i / 700) }),
  // Worse first and better afterwards, so that it is never better on average.
  'loss that turns into a gain': () => ({ chance: (candidate, i) => (candidate === 1 ? 0.4 - 0.3 * Math.sin(i / 1_500) : 0.4) }),
  'missing rewards': (part) => ({ chance: () => 0.5, missing: () => 0.6 * part }),
  'rewards missing by candidate': (part) => ({
    chance: (candidate) => (candidate === 1 ? 0.8 : 0.4),
    // Who chooses number 1 does it twice as often, and half of its rewards never come.
    missing: (candidate) => (candidate === 1 ? 0.5 + 0.25 * part : 0.5 * part),
  }),
};

/** The new policy is better by `gain` per decision, where it chooses otherwise. */
export function betterBy(gain: number): World {
  const better = 0.4 + gain / (DIFFERS * (1 - EPSILON));
  return { chance: (candidate, _, differs) => (candidate === 1 && differs ? better : 0.4) };
}

export type Bet = Pick<GainTest, 'add' | 'logEvidence'>;

/** The exact factor over rates that each have the same share: what the gate's own rates are compared with. */
export class EvenBet implements Bet {
  readonly #logs = RATES_FOR_ALL_TIMES.rates.map(() => 0);
  readonly #above: number;

  constructor(above: number) {
    this.#above = above;
  }

  add(z: number): void {
    RATES_FOR_ALL_TIMES.rates.forEach((rate, k) => void (this.#logs[k]! += Math.log1p(rate * (z - this.#above))));
  }

  get logEvidence(): number {
    return logSumExp(RATES_FOR_ALL_TIMES.logShares.map((share, k) => share + this.#logs[k]!));
  }
}

/**
 * How many decisions it takes to promote; Infinity: not within `most`. Looks: from 200 on, whenever there are two percent more. `betAbove`
 * makes another bet than the gate's.
 */
export function promotedAfter(
  random: Random,
  candidates: number,
  { chance, missing }: World,
  most: number,
  betAbove: (minGain: number) => Bet = (minGain) => new GainTest(minGain),
): number {
  const { alpha, min_ess: minEss, min_gain: minGain } = GATE_THRESHOLDS;
  const [floor, limit] = [EPSILON / candidates, Math.log(1 / alpha)];
  const likeliest = 1 - EPSILON + floor;
  const [test, size] = [betAbove(minGain), new EffectiveSize()];
  let look = FIRST_LOOK;
  for (let n = 1; ; n++) {
    const differs = random.next() < DIFFERS;
    const candidate = random.next() < EPSILON ? random.integer(0, candidates - 1) : 0;
    const weight = !differs || candidate > 1 ? 1 : candidate === 1 ? likeliest / floor : floor / likeliest;
    const done = random.next() < chance(candidate, n - 1, differs) && random.next() >= (missing?.(candidate) ?? 0);
    test.add(done ? weight - 1 : 0);
    size.add(weight);
    if (n < look) continue;
    if (size.value >= minEss && test.logEvidence >= limit) return n;
    if (n >= most) return Infinity;
    look = Math.min(most, Math.ceil(look * MORE_A_LOOK));
  }
}
