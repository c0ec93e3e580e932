/**
 * Ridge regression of one user under one policy: the sums G = sum of x x' and b = sum of r x over rewarded decisions, and theta from them.
 *
 * The state is defined as those sums. On the 2^-12 grid every addition and subtraction is exact (up to 2^29 of any entry), so any order of
 * adds and subtracts that leaves the same decisions leaves the same bits. The prior is added only when solving, so a changed one leaves the
 * sums as they are.
 */
import { TipstreamError } from '../errors.js';
import { choleskyOf, solveLower, solveUpper } from './cholesky.js';

/** Changed in place by `add`. */
export interface RidgeState {
  /** Decisions with a reward that are in the sums. */
  updates: number;
  /** Lower triangle of G by rows: entry (i, j), j <= i, at i (i + 1) / 2 + j. */
  readonly g: Float64Array;
  /** D entries. */
  readonly b: Float64Array;
}

function packedLength(dimension: number): number {
  return (dimension * (dimension + 1)) / 2;
}

/** Nothing learned, for vectors of D entries. */
export function emptyState(dimension: number): RidgeState {
  return { updates: 0, g: new Float64Array(packedLength(dimension)), b: new Float64Array(dimension) };
}

/**
 * Takes one rewarded decision into the sums (`sign` 1) or out of them again (`sign` -1). `x` has D entries on the grid.
 * Throws internal when x is not of the state's dimension.
 */
export function add(state: RidgeState, x: Float64Array | readonly number[], reward: number, sign: 1 | -1): void {
  const { g, b } = state;
  const dimension = b.length;
  if (x.length !== dimension) {
    throw new TipstreamError('internal', `a vector of ${x.length} entries was added to a state of ${dimension}`);
  }
  state.updates += sign;
  let at = 0;
  for (let i = 0; i < dimension; i++) {
    const xi = sign * x[i]!;
    for (let j = 0; j <= i; j++) g[at++]! += xi * x[j]!;
    if (reward !== 0) b[i]! += xi * reward;
  }
}

/**
 * Adds the sums of `block`, of the same dimension or a smaller one, to the first entries of `state`. With an empty state that is block
 * padding: the entries that `block` does not have stay without evidence, and every score stays what it was. Exact on the grid, as
 * `add` is.
 */
export function addBlock(state: RidgeState, block: RidgeState): void {
  if (block.b.length > state.b.length)
    throw new TipstreamError('internal', `sums of ${block.b.length} entries do not fit into a state of ${state.b.length}`);
  state.updates += block.updates;
  // By rows, the packed triangle of a smaller G is the beginning of that of the larger one.
  block.g.forEach((entry, i) => void (state.g[i]! += entry));
  block.b.forEach((entry, i) => void (state.b[i]! += entry));
}

/** What follows from a state once the prior is added: A = G + lambda I, positive definite for every lambda > 0. */
export interface Posterior {
  /** A^-1 (b + lambda theta_0), D entries. */
  readonly theta: Float64Array;
  /** x' A^-1 x, how little is known in the direction of x; never negative. */
  variance(x: ArrayLike<number>): number;
}

/**
 * Solved by Cholesky, once for any number of questions. `mean` is theta_0, what theta is believed to be before anything was learned, as if
 * `lambda` decisions in every direction had said so; null: zeros. With no updates theta is theta_0, bit for bit. Throws internal when
 * theta_0 is not of the state's dimension.
 */
export function posterior({ updates, g, b }: RidgeState, lambda: number, mean: ArrayLike<number> | null = null): Posterior {
  const dimension = b.length;
  if (mean !== null && mean.length !== dimension)
    throw new TipstreamError('internal', `a prior of ${mean.length} entries was given to a state of ${dimension}`);
  if (updates === 0) {
    return { theta: mean === null ? new Float64Array(dimension) : Float64Array.from(mean), variance: (x) => squaredLength(x) / lambda };
  }
  const factor = choleskyOf(g, dimension, lambda);
  const right = mean === null ? b : b.map((entry, i) => entry + lambda * mean[i]!);
  const theta = solveUpper(factor, solveLower(factor, right, new Float64Array(dimension)));
  let solution: Float64Array | undefined;
  return { theta, variance: (x) => squaredLength(solveLower(factor, x, (solution ??= new Float64Array(dimension)))) };
}

function squaredLength(x: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * x[i]!;
  return sum;
}
