/** Rows that are all there, judged in one go. */
import { EstimateSums, type Estimates } from '../../src/evaluation/estimators.js';
import { Evaluator, type Besides, type Evaluation } from '../../src/evaluation/evaluate.js';
import type { EvaluationRow } from '../../src/evaluation/row.js';
import type { GateThresholds } from '../../src/evaluation/thresholds.js';

export function evaluate(rows: Iterable<EvaluationRow>, thresholds: GateThresholds, besides: Besides = {}): Evaluation {
  const evaluator = new Evaluator(thresholds);
  for (const row of rows) evaluator.add(row);
  return evaluator.result(besides);
}

export function estimate(rows: Iterable<EvaluationRow>, clip: number): Estimates {
  const sums = new EstimateSums(clip);
  for (const row of rows) sums.add(row);
  return sums.estimates;
}

export function rewardedRows(rows: readonly EvaluationRow[]): readonly EvaluationRow[] {
  return rows.filter(({ reward }) => reward !== null);
}
