/** Means with intervals over users: a user's decisions depend on each other, users do not. */
import { sum } from '../evaluation/estimators.js';

export interface Mean {
  readonly mean: number;
  /** 95% interval of the mean; the mean itself for a single user. */
  readonly low: number;
  readonly high: number;
}

/** Of the normal distribution: with the 30 users or more of a sensible simulation Student's t is hardly wider. */
const Z_95 = 1.959963984540054;

/** A ratio of sums over users, such as reward per decision, by the delta method: heavy users count for as much as they decide. */
export function ratio(numerators: readonly number[], denominators: readonly number[]): Mean {
  const users = numerators.length;
  const weight = sum(denominators);
  const mean = sum(numerators) / weight;
  if (users < 2) return { mean, low: mean, high: mean };
  const squares = sum(numerators.map((numerator, i) => (numerator - mean * denominators[i]!) ** 2));
  const error = (Math.sqrt((squares * users) / (users - 1)) / weight) * Z_95;
  return { mean, low: mean - error, high: mean + error };
}
