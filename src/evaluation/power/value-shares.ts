/**
 * What a decision can say of another policy, as a distribution: how large weights are, how likely, and what is earned. Bins keep the
 * means of what is in them, so memory does not grow with the decisions.
 */
import type { PossibleWeights } from '../row.js';

/** Weights above 1 fall into bins an eighth of an octave wide, smaller ones into quarters. */
const AN_OCTAVE = 8;
const BELOW_ONE = 4;
/** Rewards, as shares of their range, fall into bins this wide. */
const REWARD_BINS = 16;

interface Bin {
  mass: number;
  /** Of what is in it, each as often as it is there. */
  sum: number;
}

/** A value and its share of all. */
export interface Share {
  readonly value: number;
  readonly share: number;
}

export class ValueShares {
  readonly #weights = new Map<number, Bin>();
  readonly #rewards = new Map<number, Bin>();
  #n = 0;
  #rewarded = 0;

  /**
   * A decision with what its weight could have been; or, where nobody says, what it was. `reward`: as a share of what rewards lie within,
   * 0 to 1; `rewarded`: whether it has one.
   */
  add(weights: PossibleWeights | number, reward: number, rewarded: boolean): void {
    this.#n++;
    if (rewarded) this.#rewarded++;
    put(this.#rewards, Math.round(reward * REWARD_BINS), reward, 1);
    if (typeof weights === 'number') return put(this.#weights, weightBin(weights), weights, 1);
    const { largest, variance } = weights;
    if (largest <= 1 || variance === 0) return put(this.#weights, 0, 1, 1);
    // The two weights with this mean, this variance and this largest one. Of epsilon-greedy's that is all there is but for rounding: the
    // rest of them lie within 0 to 1, where a bet grows in proportion to their mean.
    const share = variance / (variance + (largest - 1) ** 2);
    const other = 1 - variance / (largest - 1);
    put(this.#weights, weightBin(largest), largest, share);
    put(this.#weights, weightBin(other), other, 1 - share);
  }

  take(other: ValueShares): void {
    this.#n += other.#n;
    this.#rewarded += other.#rewarded;
    for (const [key, { mass, sum }] of other.#weights) put(this.#weights, key, sum / mass, mass);
    for (const [key, { mass, sum }] of other.#rewards) put(this.#rewards, key, sum / mass, mass);
  }

  get n(): number {
    return this.#n;
  }

  /** Share of the decisions that have a reward. */
  get rewardedShare(): number {
    return this.#n === 0 ? 0 : this.#rewarded / this.#n;
  }

  /** Mean reward of a decision, as a share of the range; those without one count as they were added. */
  get meanReward(): number {
    return meanOf(sharesOf(this.#rewards));
  }

  get rewards(): readonly Share[] {
    return sharesOf(this.#rewards);
  }

  /** With a mean of 1, as the weights of right propensities have. None where all are 0. */
  get weights(): readonly Share[] {
    const shares = sharesOf(this.#weights);
    const mean = meanOf(shares);
    return mean > 0 ? shares.map(({ value, share }) => ({ value: value / mean, share })) : [];
  }
}

function put(bins: Map<number, Bin>, key: number, value: number, mass: number): void {
  const bin = bins.get(key);
  if (bin === undefined) bins.set(key, { mass, sum: value * mass });
  else {
    bin.mass += mass;
    bin.sum += value * mass;
  }
}

/** 0 is that of a weight of 1. */
function weightBin(weight: number): number {
  return weight < 1 ? Math.floor(weight * BELOW_ONE) - BELOW_ONE : Math.round(AN_OCTAVE * Math.log2(weight));
}

function sharesOf(bins: ReadonlyMap<number, Bin>): Share[] {
  const total = [...bins.values()].reduce((sum, { mass }) => sum + mass, 0);
  return [...bins].sort(([a], [b]) => a - b).map(([, { mass, sum }]) => ({ value: sum / mass, share: mass / total }));
}

function meanOf(shares: readonly Share[]): number {
  return shares.reduce((sum, { value, share }) => sum + value * share, 0);
}
