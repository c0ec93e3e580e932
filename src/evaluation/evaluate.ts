/** Everything that is said of a new policy from logged decisions. */
import { pairedDifference, type PairedDifference } from './difference.js';
import { estimate, type Estimates } from './estimators.js';
import { judge, type Compared, type Judged, type SimulatedGain } from './gate.js';
import { rewardedRows, type EvaluationRow } from './row.js';
import { segmentReports, worstSegment, type SegmentReport } from './segments.js';
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

/** Rows in the order in which they were decided. `max_weight`, `ess` and the rest are of rows with a reward. */
export function evaluate(rows: readonly EvaluationRow[], thresholds: GateThresholds, { simulation, compared }: Besides = {}): Evaluation {
  const { clip, alpha } = thresholds;
  const rewarded = rewardedRows(rows);
  const estimates = estimate(rewarded, clip);
  const difference = pairedDifference(rewarded, alpha);
  const missingAsZero = { ...estimate(rows, clip), difference: pairedDifference(rows, alpha) };
  const missing = rows.length - rewarded.length;
  const missingShare = rows.length === 0 ? 0 : missing / rows.length;
  const segments = segmentReports(rows, thresholds);
  return {
    ...estimates,
    ...judge({ estimates, difference, missingAsZero, missingShare, segments, simulation, compared }, thresholds),
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
