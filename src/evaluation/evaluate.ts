/** Everything that is said of a new policy from logged decisions. */
import { DEFAULT_RANGE, type RewardRange } from '../policies/controls/reward-rules.js';
import { DifferenceSums, type PairedDifference } from './difference.js';
import { EstimateSums, type Estimates } from './estimators.js';
import { judge, type Compared, type Judged, type SimulatedGain } from './gate.js';
import { powerTable, usualGains, type PowerRow } from './power/power.js';
import type { EvaluationRow } from './row.js';
import { SegmentSums, worstSegment, type SegmentReport } from './segments.js';
import type { GateThresholds } from './thresholds.js';

export interface Evaluation extends Estimates, Judged {
  /** Of decisions that can be judged, those without a reward. */
  readonly missing_rewards: number;
  readonly missing_share: number;
  readonly difference: PairedDifference;
  readonly missing_as_zero: Estimates & { readonly difference: PairedDifference };
  readonly segments: readonly SegmentReport[];
  readonly worst_segment: SegmentReport | null;
  /** What the gate asked besides; null: there was none. */
  readonly simulation: SimulatedGain | null;
  readonly thresholds: GateThresholds;
}

export interface Besides {
  readonly simulation?: SimulatedGain | undefined;
  /** undefined: nobody knows. */
  readonly compared?: Compared | undefined;
}

/** Rows come one by one, in the order in which they were decided, and none is kept. */
export class Evaluator {
  readonly #thresholds: GateThresholds;
  readonly #rewarded: { readonly estimates: EstimateSums; readonly difference: DifferenceSums };
  readonly #all: { readonly estimates: EstimateSums; readonly difference: DifferenceSums };
  readonly #segments: SegmentSums;
  readonly #span: number;

  /** `range`: what rewards lie within, 0 too. */
  constructor(thresholds: GateThresholds, range: RewardRange = DEFAULT_RANGE) {
    this.#thresholds = thresholds;
    const sums = () => ({ estimates: new EstimateSums(thresholds.clip), difference: new DifferenceSums(thresholds.min_gain, range) });
    this.#rewarded = sums();
    this.#all = sums();
    this.#segments = new SegmentSums(thresholds, range);
    this.#span = range.high - range.low;
  }

  add(row: EvaluationRow): void {
    for (const { estimates, difference } of row.reward === null ? [this.#all] : [this.#rewarded, this.#all]) {
      estimates.add(row);
      difference.add(row);
    }
    this.#segments.add(row);
  }

  /** `max_weight`, `ess` and the rest are of rows with a reward. */
  result({ simulation, compared }: Besides = {}): Evaluation {
    const thresholds = this.#thresholds;
    const { alpha } = thresholds;
    const estimates = this.#rewarded.estimates.estimates;
    const difference = this.#rewarded.difference.result(alpha);
    const missingAsZero = { ...this.#all.estimates.estimates, difference: this.#all.difference.result(alpha) };
    const missing = missingAsZero.n - estimates.n;
    const missingShare = missingAsZero.n === 0 ? 0 : missing / missingAsZero.n;
    const segments = this.#segments.reports;
    const decisionsUntilGain = this.#all.difference.rowsUntil(alpha);
    return {
      ...estimates,
      ...judge({ estimates, missingAsZero, missingShare, decisionsUntilGain, segments, simulation, compared }, thresholds),
      missing_rewards: missing,
      missing_share: missingShare,
      difference,
      missing_as_zero: missingAsZero,
      segments,
      worst_segment: worstSegment(segments),
      simulation: simulation ?? null,
      thresholds,
    };
  }

  /**
   * How many decisions it takes to promote a policy that chooses as this one does and is better by so much: a row a gain, or a few gains
   * that are possible where none is named. `runs`: logs that are drawn for each.
   */
  power(runs: number, gains?: readonly number[]): PowerRow[] {
    const question = {
      values: this.#all.difference.values,
      segments: this.#segments.asked,
      span: this.#span,
      thresholds: this.#thresholds,
      runs,
    };
    return powerTable(gains ?? usualGains(question), question);
  }

  /** In short, of all decisions, those without a reward counted as 0. */
  summary(): { readonly n: number; readonly missing: number; readonly logged: number | null; readonly segments: number } {
    const { n, logged } = this.#all.estimates.estimates;
    return { n, missing: n - this.#rewarded.estimates.estimates.n, logged, segments: this.#segments.asked.length };
  }
}
