/**
 * What is unexpected about each user's rewards after the start, given those before: the arms are not looked at, so that whatever is wrong
 * with the model below is equally wrong for every placement.
 *
 * CUPED (A. Deng, Y. Xu, R. Kohavi and T. Walker, Improving the sensitivity of online controlled experiments by utilizing pre-experiment
 * data, WSDM 2013) on a ratio of sums, linearised. The covariate is a user's own rate before, shrunk to everybody's by how much users
 * differ (D. V. Lindley and A. F. M. Smith, Bayes estimates for the linear model, JRSS B 34, 1972). Users count by the precision of what is
 * left unexplained of them, so that a user with a thousand decisions does not count a thousandfold (L. Kish, Survey sampling, 1965): where
 * rates move, many decisions of one user say little about everybody.
 */
import { ExactSum, ratio } from './exact-sum.js';
import { picked, type Population } from './population.js';
import { userPieces } from './user-pieces.js';

/** Shrunk rates are multiples of 1 / 4096, squares of residuals of 2^-20, so that their sums are exact. */
const RATE_GRID = 4096;
const SQUARE_GRID = 2 ** 20;
/** Weights and residuals are multiples of 1 / 1024, or of a larger power of two where their squares would not add up exactly. */
const FINEST_GRID = 1024;
const EXACT = 2 ** 51;

export interface Adjusted {
  /** By user, in units of 1 / grid: weight, and weighted residual. 0 of users without a decision after the start. */
  readonly d: Float64Array;
  readonly e: Float64Array;
  readonly grid: number;
  /** Users with a decision after the start. */
  readonly users: number;
  /** (sum of d)^2 / sum of d^2: of how many users with equal weights they are worth. */
  readonly effectiveUsers: number;
  /** How much of the difference between users' rates before is found again after, 0 to 1.5; 0 without a history. */
  readonly beta: number;
}

/** Variance of users' rates, and of one decision's reward within a user, of rewards from 0 to 1. */
interface Spread {
  readonly mean: number;
  readonly between: number;
  readonly within: number;
}

/** Yields about every millisecond. */
export function* adjust({ m, x, xx, n, y, yy, range, size }: Population): Generator<void, Adjusted> {
  const history = yield* spreadOf(m, x, xx, range);
  const after = yield* spreadOf(n, y, yy, range);
  const rates = new Float64Array(size);
  if (history !== undefined) {
    for (const { from, to } of userPieces(size)) {
      for (let row = from; row < to; row++) rates[row] = shrunkRate(history, m[row]!, x[row]! / range);
      yield;
    }
  }
  const { overall, mean, beta } = yield* regression(n, y, rates, range);
  const [d, e] = [new Float64Array(size), new Float64Array(size)];
  for (const { from, to } of userPieces(size)) {
    for (let row = from; row < to; row++) e[row] = y[row]! / range - n[row]! * (overall + beta * (rates[row]! - mean));
    yield;
  }
  const unexplained = after === undefined ? 0 : yield* unexplainedOf(n, e, after);
  for (const { from, to } of userPieces(size)) {
    for (let row = from; row < to; row++) {
      const weight = after === undefined || after.within === 0 ? 1 : after.within / (after.within + n[row]! * unexplained);
      d[row] = weight * n[row]!;
      e[row] = weight * e[row]!;
    }
    yield;
  }
  const grid = yield* gridFor(d, e);
  yield* centre(d, e, grid);
  return { d, e, grid, ...(yield* countsOf(d)), beta };
}

/** Of some of the users, adjusted with all of them; by their index. */
export function* adjustedPart({ d, e, grid, beta }: Adjusted, members: Int32Array): Generator<void, Adjusted> {
  const weights = yield* picked(d, members);
  return { d: weights, e: yield* picked(e, members), grid, ...(yield* countsOf(weights)), beta };
}

/** The finest on which sums of squares stay exact. */
function* gridFor(d: Float64Array, e: Float64Array): Generator<void, number> {
  const bound = new ExactSum();
  for (const { from, to } of userPieces(d.length)) {
    for (let row = from; row < to; row++) bound.add(Math.ceil((d[row]! + Math.abs(e[row]!)) ** 2));
    yield;
  }
  let grid = FINEST_GRID;
  while (Number(bound.value) * grid ** 2 > EXACT) grid /= 2;
  return grid;
}

/** `ofSquares`: sums of squared rewards. undefined: no decision. */
function* spreadOf(
  decisions: Float64Array,
  rewards: Float64Array,
  ofSquares: Float64Array,
  range: number,
): Generator<void, Spread | undefined> {
  const [n, r, q] = [new ExactSum(), new ExactSum(), new ExactSum()];
  const [rr, rn, nn] = [new ExactSum(), new ExactSum(), new ExactSum()];
  for (const { from, to } of userPieces(decisions.length)) {
    for (let row = from; row < to; row++) {
      const [count, reward] = [decisions[row]!, rewards[row]!];
      n.add(count);
      r.add(reward);
      q.add(ofSquares[row]!);
      rr.add(reward * reward);
      rn.add(reward * count);
      nn.add(count * count);
    }
    yield;
  }
  const [sn, sr] = [n.value, r.value];
  if (sn === 0n) return undefined;
  const scale = BigInt(range);
  const mean = ratio(sr, scale * sn);
  // Of one decision's reward among all: where each is the lowest or the highest it follows from the mean, and it is less otherwise.
  const isEither = q.value === scale * sr;
  const variance = isEither ? mean * (1 - mean) : ratio(q.value * sn - sr * sr, scale * scale * sn * sn);
  /** Sum of (reward - decisions x mean)^2. */
  const squares = ratio(rr.value * sn * sn - 2n * sr * rn.value * sn + sr * sr * nn.value, scale * scale * sn * sn);
  const pairs = Number(nn.value - sn);
  const between = pairs === 0 ? 0 : Math.min(0.9 * variance, Math.max(0, (squares - Number(sn) * variance) / pairs));
  return { mean, between, within: variance - between };
}

/** On the grid of rates. */
function shrunkRate({ mean, between, within }: Spread, decisions: number, reward: number): number {
  const slope = between === 0 ? 0 : between / (within + decisions * between);
  return Math.round((mean + slope * (reward - decisions * mean)) * RATE_GRID) / RATE_GRID;
}

/**
 * Variance that all decisions of a user share beyond what is expected of the user: what residuals vary by beyond chance, as those of n
 * decisions vary by n x within + n^2 x unexplained.
 */
function* unexplainedOf(n: Float64Array, e: Float64Array, { between, within }: Spread): Generator<void, number> {
  const [squares, all] = [new ExactSum(), new ExactSum()];
  let users = 0;
  for (const { from, to } of userPieces(n.length)) {
    for (let row = from; row < to; row++) {
      if (n[row] === 0) continue;
      users++;
      all.add(n[row]!);
      squares.add(Math.round((e[row]! ** 2 / n[row]!) * SQUARE_GRID));
    }
    yield;
  }
  return Math.min(between, Math.max(0, (Number(squares.value) / SQUARE_GRID - users * within) / Number(all.value)));
}

/** Of rewards after on rates before, over decisions: their mean reward, mean rate, and slope within 0 to 1.5. */
function* regression(n: Float64Array, y: Float64Array, rates: Float64Array, range: number) {
  const [sn, sy, sng, syg, sngg] = [new ExactSum(), new ExactSum(), new ExactSum(), new ExactSum(), new ExactSum()];
  for (const { from, to } of userPieces(n.length)) {
    for (let row = from; row < to; row++) {
      const [decisions, rate] = [n[row]!, rates[row]! * RATE_GRID];
      sn.add(decisions);
      sy.add(y[row]!);
      sng.add(decisions * rate);
      syg.add(y[row]! * rate);
      sngg.add(decisions * rate * rate);
    }
    yield;
  }
  const [all, reward, rate, scale, grid] = [sn.value, sy.value, sng.value, BigInt(range), BigInt(RATE_GRID)];
  const slope = ratio((syg.value * all - rate * reward) * grid, scale * (sngg.value * all - rate * rate));
  return {
    overall: ratio(reward, scale * all),
    mean: ratio(rate, grid * all),
    beta: Math.min(1.5, Math.max(0, slope)),
  };
}

/** To whole units of 1 / grid, with the mean residual taken off, which changes no difference of arms and keeps squares small. */
function* centre(d: Float64Array, e: Float64Array, grid: number): Generator<void, void> {
  const [weights, residuals] = [new ExactSum(), new ExactSum()];
  for (const { from, to } of userPieces(d.length)) {
    for (let row = from; row < to; row++) {
      d[row] = Math.round(d[row]! * grid);
      e[row] = Math.round(e[row]! * grid);
      weights.add(d[row]!);
      residuals.add(e[row]!);
    }
    yield;
  }
  const mean = ratio(residuals.value, weights.value);
  for (const { from, to } of userPieces(d.length)) {
    for (let row = from; row < to; row++) e[row] = Math.round(e[row]! - d[row]! * mean);
    yield;
  }
}

function* countsOf(d: Float64Array): Generator<void, Pick<Adjusted, 'users' | 'effectiveUsers'>> {
  const [sum, squares] = [new ExactSum(), new ExactSum()];
  let users = 0;
  for (const { from, to } of userPieces(d.length)) {
    for (let row = from; row < to; row++) {
      const weight = d[row]!;
      if (weight > 0) users++;
      sum.add(weight);
      squares.add(weight * weight);
    }
    yield;
  }
  return { users, effectiveUsers: ratio(sum.value * sum.value, squares.value) };
}
