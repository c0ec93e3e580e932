/**
 * How far the arms are apart, in standard errors of their own. A difference that is not studentised by arm is exact for "nobody is
 * affected" only: it also finds policies that are equal on average and differ user by user, which no number of users mends (E. Chung and
 * J. P. Romano, Exact and asymptotically robust permutation tests, Ann. Statist. 41, 2013; J. Wu and P. Ding, Randomization tests for weak
 * null hypotheses in randomized experiments, JASA 116, 2021).
 */
import type { Arms, ArmSums, RelabelledSums } from './arm-sums.js';

export interface Difference {
  /** Residual per weight of the treated less that of the control users. */
  readonly mean: number;
  /** Its estimated standard error; 0: there is none to be had. */
  readonly error: number;
}

export function differenceOf({ treated, control }: Arms): Difference {
  if (treated.n === 0 || control.n === 0) return { mean: 0, error: 0 };
  const variance = varianceOf(treated) + varianceOf(control);
  return { mean: treated.e / treated.n - control.e / control.n, error: variance > 0 ? Math.sqrt(variance) : 0 };
}

/** Of a ratio of sums over users, linearised. */
function varianceOf({ n, e, ee, ed, dd }: ArmSums): number {
  const rate = e / n;
  return Math.max(0, ee - 2 * rate * ed + rate * rate * dd) / (n * n);
}

/** By row, the true placement first. Positive: the treated have less. 0 where it cannot be told. */
export function harms(sums: RelabelledSums): Float64Array {
  return Float64Array.from({ length: sums.rows }, (_, row) => {
    const { mean, error } = differenceOf(sums.arms(row));
    return error === 0 ? 0 : -mean / error;
  });
}
