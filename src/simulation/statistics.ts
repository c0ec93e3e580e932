/** Means with intervals over users: a user's decisions depend on each other, users do not. */
import { sum } from '../evaluation/estimators.js';

export interface Mean {
  readonly mean: number;
  /** 95% interval of the mean; all that is possible where there are too few users to tell. */
  readonly low: number;
  readonly high: number;
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** What one user adds to a ratio of sums, such as reward and decisions. */
export interface UserPart {
  readonly numerator: number;
  readonly denominator: number;
  /** Users of one kind are drawn alike, and how many there are of each kind is not left to chance. */
  readonly kind: string;
}

/** Of the normal distribution. */
const Z_95 = 1.959963984540054;

/**
 * A ratio of sums over users, such as reward per decision, by the delta method: heavy users count for as much as they decide. Users
 * differ from others of their kind, which is what the interval is about; the kinds themselves are given. Student's t with
 * Satterthwaite's degrees of freedom. `parts` have decisions.
 */
export function ratio(parts: readonly UserPart[], { min, max }: Range): Mean {
  const weight = sum(parts.map(({ denominator }) => denominator));
  const mean = sum(parts.map(({ numerator }) => numerator)) / weight;
  const errors = new Map<string, number[]>();
  for (const { numerator, denominator, kind } of parts) {
    const error = numerator - mean * denominator;
    const known = errors.get(kind);
    if (known === undefined) errors.set(kind, [error]);
    else known.push(error);
  }
  // One user alone does not show how those of its kind differ: then all are taken for one kind, whose differences are larger.
  const groups = [...errors.values()].every((group) => group.length > 1) ? [...errors.values()] : [[...errors.values()].flat()];
  const variances = groups.map(varianceOfSum);
  const variance = sum(variances);
  if (parts.length < 2) return { mean, low: min, high: max };
  if (variance === 0) return { mean, low: mean, high: mean };
  const freedom = variance ** 2 / sum(variances.map((one, i) => one ** 2 / (groups[i]!.length - 1)));
  const radius = (Math.sqrt(variance) / weight) * student95(freedom);
  return { mean, low: Math.max(min, mean - radius), high: Math.min(max, mean + radius) };
}

/** Nulls where fewer than two users, or no regret to compare with, cannot tell. */
export interface RelativeChange {
  readonly mean: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/**
 * By how much the sum of numerators lies above that of denominators, as a share of the latter: such as two policies' regret on the same
 * decisions. Numerators and denominators of one user vary together, which the delta method takes into account.
 */
export function relativeChange(parts: readonly UserPart[]): RelativeChange {
  if (sum(parts.map(({ denominator }) => denominator)) <= 0) return { mean: null, low: null, high: null };
  const change = ratio(
    parts.map(({ numerator, denominator, kind }) => ({ numerator: numerator - denominator, denominator, kind })),
    { min: -1, max: Infinity },
  );
  return parts.length < 2 ? { mean: change.mean, low: null, high: null } : change;
}

/** Of the sum of as many independent values as these are. */
function varianceOfSum(values: readonly number[]): number {
  const mean = sum(values) / values.length;
  return (sum(values.map((value) => (value - mean) ** 2)) * values.length) / (values.length - 1);
}

/**
 * The two-sided 95% quantile of Student's t: the expansion of Fisher and Cornish (1960) around the normal one, which is within a
 * thousandth from three degrees of freedom on; below that, between the exact values for one and two.
 */
export function student95(freedom: number): number {
  const exact = [Infinity, 12.706204736174694, 4.302652729749464, 3.182446305284263];
  if (freedom < 3) {
    const below = Math.max(1, Math.floor(freedom));
    const share = Math.max(0, freedom - below);
    // Between whole numbers, by their inverses: the quantile grows like 1 / freedom.
    return 1 / ((1 - share) / exact[below]! + share / exact[below + 1]!);
  }
  const z = Z_95;
  return (
    z +
    (z ** 3 + z) / (4 * freedom) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3) +
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / (92_160 * freedom ** 4)
  );
}
