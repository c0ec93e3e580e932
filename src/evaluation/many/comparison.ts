/**
 * Many policies against the live one on the same decisions, with what is said of any of them right for all of them together.
 *
 * Who picks the best of m looks at the luckiest of m. So every interval is at alpha / m, and a gain is shown where the bet has grown to
 * m / alpha (Bonferroni): the chance that any interval misses, or any gain is shown that is not there, is at most alpha, however much the
 * policies depend on each other - they choose on the same decisions, so they do - and however often somebody looks. A sharper correction
 * would have to know that dependence, which bootstrap methods (White's reality check, Hansen's SPA) estimate: they hold for many decisions
 * and a single look only.
 */
import { DEFAULT_RANGE, type RewardRange } from '../../policies/controls/reward-rules.js';
import { DifferenceSums } from '../difference.js';
import { EffectiveSize } from '../effective-size.js';
import { rewardOf, weightOf, type EvaluationRow } from '../row.js';
import { MeanWeight } from './mean-weight.js';
import { SegmentSums, type SegmentReport } from '../segments.js';
import type { GateThresholds } from '../thresholds.js';
import { Total } from '../total.js';
import type { Variant } from './variants.js';
import type { VariantAside } from './variants-replay.js';
import { shown } from '../shown.js';

/** better, worse: so is the gain, at alpha for all together. `cannot tell`: the log does not cover what the policy would do. */
export type Finding = 'better' | 'worse' | 'open' | 'cannot tell';

export interface VariantReport {
  readonly policy: string;
  /** null: as each decision was made, or the policy's own. */
  readonly epsilon: number | null;
  readonly lambda: number;
  /** Decisions that show something of it, those without a reward counted as 0. */
  readonly n: number;
  readonly missing_rewards: number;
  readonly set_aside: Readonly<Partial<Record<VariantAside, number>>>;
  /** Mean reward of the decisions as they were made, and how much more it would have been. null of none. */
  readonly logged: number | null;
  readonly gain: number | null;
  /** A confidence sequence at alpha / m. */
  readonly low: number;
  readonly high: number;
  /** Against "it is no better"; m / alpha shows a gain. */
  readonly e_value: number;
  readonly ess: number;
  readonly mean_weight: number | null;
  readonly max_weight: number;
  readonly finding: Finding;
  /** Why nobody can tell; null where somebody can. */
  readonly reason: string | null;
  /** At alpha / m; the segments share it as they do in a verdict. Absent unless they were asked for. */
  readonly segments?: readonly SegmentReport[];
}

/** e^700 is a number, and e^710 none. */
const LARGEST_LOG = 700;

class VariantSums {
  readonly #variant: Variant;
  readonly #difference: DifferenceSums;
  readonly #weights = new EffectiveSize();
  readonly #rewardedWeights = new EffectiveSize();
  readonly #rewards = new Total();
  readonly #segments: SegmentSums | undefined;
  readonly #meanWeight = new MeanWeight();
  readonly #setAside: Partial<Record<VariantAside, number>> = {};
  #missing = 0;

  constructor(variant: Variant, thresholds: GateThresholds, range: RewardRange, withSegments: boolean) {
    this.#variant = variant;
    this.#difference = new DifferenceSums(thresholds.min_gain, range);
    this.#segments = withSegments ? new SegmentSums(thresholds, range) : undefined;
  }

  add(row: EvaluationRow | VariantAside): void {
    if (typeof row === 'string') {
      this.#setAside[row] = (this.#setAside[row] ?? 0) + 1;
      return;
    }
    this.#difference.add(row);
    this.#weights.add(weightOf(row));
    this.#rewards.add(rewardOf(row));
    if (row.weights !== null) this.#meanWeight.add(weightOf(row), row.weights);
    if (row.reward === null) this.#missing++;
    else this.#rewardedWeights.add(weightOf(row));
    this.#segments?.add(row);
  }

  /** `thresholds`: with the alpha of this one. */
  report(thresholds: GateThresholds): VariantReport {
    const { policy, epsilon, lambda } = this.#variant;
    const { n, mean } = this.#difference;
    const { confidence_sequence: sequence, e_value: eValue } = this.#difference.result(thresholds.alpha);
    const meanWeight = n === 0 ? null : this.#weights.total / n;
    const reason = this.#whyUntold(meanWeight, thresholds);
    const shown = this.#difference.logEvidence >= Math.log(1 / thresholds.alpha);
    return {
      policy: policy.name,
      epsilon: policy.fixedEpsilon ?? epsilon,
      lambda,
      n,
      missing_rewards: this.#missing,
      set_aside: this.#setAside,
      logged: n === 0 ? null : this.#rewards.value / n,
      gain: mean,
      low: sequence.low,
      high: sequence.high,
      e_value: Math.min(Math.exp(LARGEST_LOG), eValue),
      ess: this.#rewardedWeights.value,
      mean_weight: meanWeight,
      max_weight: this.#weights.largest,
      finding: reason !== null ? 'cannot tell' : shown ? 'better' : sequence.high < 0 ? 'worse' : 'open',
      reason,
      ...(this.#segments === undefined ? {} : { segments: this.#segments.reports }),
    };
  }

  #whyUntold(meanWeight: number | null, thresholds: GateThresholds): string | null {
    const { min_ess: minEss, max_mean_weight_error: most } = thresholds;
    const ess = this.#rewardedWeights.value;
    if (meanWeight === null) return 'no decision shows anything of it';
    if (ess < minEss) return `the effective sample size is ${shown(ess)}, below ${minEss}`;
    if (Math.abs(meanWeight - 1) > most) return `the mean weight is ${shown(meanWeight)}, where 1 is expected`;
    // Of many, one may choose what somebody's rule picks out of the decisions, and look good for that.
    if (this.#meanWeight.isNotOne(thresholds.alpha))
      return `the mean weight is ${shown(meanWeight)}, not 1 by chance: which decisions can be gone by depends on what was chosen`;
    return null;
  }
}

/** Decisions come one by one, in their order, and none is kept. */
export class ManyComparison {
  readonly #sums: readonly VariantSums[];
  readonly #thresholds: GateThresholds;

  /** `thresholds`: with the alpha of all together. At least one variant. */
  constructor(
    variants: readonly Variant[],
    thresholds: GateThresholds,
    { withSegments, range }: { withSegments: boolean; range?: RewardRange },
  ) {
    this.#thresholds = { ...thresholds, alpha: thresholds.alpha / variants.length };
    this.#sums = variants.map((variant) => new VariantSums(variant, this.#thresholds, range ?? DEFAULT_RANGE, withSegments));
  }

  /** One row a variant, in their order. */
  add(rows: readonly (EvaluationRow | VariantAside)[]): void {
    for (const [i, sums] of this.#sums.entries()) sums.add(rows[i]!);
  }

  /** Best first: those of which something can be said by their lower ends, then the others. */
  reports(): VariantReport[] {
    const rank = ({ finding }: VariantReport): number => (finding === 'cannot tell' ? 1 : 0);
    return this.#sums
      .map((sums) => sums.report(this.#thresholds))
      .sort((a, b) => rank(a) - rank(b) || b.low - a.low || (b.gain ?? -Infinity) - (a.gain ?? -Infinity));
  }
}
