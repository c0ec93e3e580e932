/** Everything that is said of a new policy from logged decisions. */
import { DEFAULT_RANGE, type RewardRange } from '../policies/controls/reward-rules.js';
import { DifferenceSums, type PairedDifference } from './difference.js';
import { EstimateSums, type Estimates } from './estimators.js';
import { judge, type Compared, type Judged, type SimulatedGain } from './gate.js';
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

  /** `range`: what rewards lie within, 0 too. */
  constructor(thresholds: GateThresholds, range: RewardRange = DEFAULT_RANGE) {
    this.#thresholds = thresholds;
    const sums = () => ({ estimates: new EstimateSums(thresholds.clip), difference: new DifferenceSums(thresholds.min_gain, range) });
    this.#rewarded = sums();
    this.#all = sums();
    this.#segments = new SegmentSums(thresholds, range);
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
}
