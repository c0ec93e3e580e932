/**
 * The pooled prior: what a user of whom nothing is known is taken to be like, fitted on the users of whom something is.
 *
 * Every user has a theta of their own, drawn around one mean: r = x . theta_u + e, theta_u ~ N(theta_0, (sigma^2 / lambda) I), e of
 * variance sigma^2. Under this mixed model the posterior mean of theta_u is (G_u + lambda I)^-1 (b_u + lambda theta_0), which is what
 * ridge.ts solves. theta_0 is estimated by generalised least squares, for which users' own sums are enough: with A_u = G_u + lambda I,
 *
 *     W_u = lambda (I - lambda A_u^-1)      theta_0 = (sum of W_u)^-1 (sum of lambda A_u^-1 b_u)
 *
 * Each user weighs as much as they tell of the mean: a user with a thousand decisions does not outvote a hundred users. lambda is
 * estimated by restricted maximum likelihood, a search in one dimension over the same sums, since the best theta_0 and sigma^2 for a
 * lambda are known in closed form.
 *
 * D. A. Harville, "Maximum likelihood approaches to variance component estimation and to related problems" (JASA 72, 1977);
 * G. K. Robinson, "That BLUP is a good thing" (Statistical Science 6, 1991).
 */
import { TipstreamError } from '../../errors.js';
import { compareCodePoints } from '../../events/strings.js';
import { choleskyOf, inverseOf, logDeterminant, solveLower, solveUpper } from '../cholesky.js';
import type { RidgeState } from '../ridge.js';

/** With fewer users or rewards a prior may do harm: see docs/adr/0021-a-pooled-prior.md. */
export const MIN_PRIOR_USERS = 100;
/** Of a user who counts towards those. */
export const MIN_USER_REWARDS = 5;
export const MIN_PRIOR_REWARDS = 5_000;
/** Where lambda is looked for. At the upper end users do not differ measurably. */
export const LAMBDA_SEARCH = { low: 0.1, high: 1_000 } as const;

/** One user's rewarded decisions, summed. */
export interface UserSums {
  readonly userId: string;
  readonly state: RidgeState;
  /** Sum of squared rewards. */
  readonly squares: number;
}

export interface PriorFit {
  /** theta_0, D entries; 0 where undetermined. */
  readonly theta: readonly number[];
  /** Of each entry of theta_0; 0 where undetermined. */
  readonly standardErrors: readonly number[];
  /** Entries, ascending, of which these users tell nothing that the entries before them do not: always 0, or their copies. */
  readonly undetermined: readonly number[];
  /** The lambda that theta_0 is for. */
  readonly lambda: number;
  /** By restricted maximum likelihood, within LAMBDA_SEARCH; null: the rewards do not vary around what theta_0 explains. */
  readonly estimatedLambda: number | null;
  /** Standard deviation of a reward around x . theta_u, at `lambda`. */
  readonly noise: number;
  /** Users with a reward. */
  readonly users: number;
  readonly rewards: number;
}

export interface PriorShortage {
  readonly users: number;
  readonly rewards: number;
  /** How many users with MIN_USER_REWARDS, and how many rewards, are still missing; at least one of them is not 0. */
  readonly missingUsers: number;
  readonly missingRewards: number;
}

/** What is missing before a prior can be fitted on them; undefined: nothing. Each user is given once. */
export function priorShortage(users: Iterable<Pick<UserSums, 'state'>>): PriorShortage | undefined {
  let [enough, rewards] = [0, 0];
  for (const { state } of users) {
    rewards += state.updates;
    if (state.updates >= MIN_USER_REWARDS) enough++;
  }
  const missingUsers = Math.max(0, MIN_PRIOR_USERS - enough);
  const missingRewards = Math.max(0, MIN_PRIOR_REWARDS - rewards);
  return missingUsers === 0 && missingRewards === 0 ? undefined : { users: enough, rewards, missingUsers, missingRewards };
}

/** Users between two yields. */
const USERS_AT_ONCE = 100;
const SEARCH_STEPS_PER_DECADE = 3;
/** Of lambda, where the search ends. */
const SEARCH_PRECISION = 1e-4;
/** A pivot this small against its diagonal is rounding, and so is one this small against the most that users can tell: lambda each. */
const RANK_TOLERANCE = 1e-9;
const EVIDENCE_TOLERANCE = 1e-12;
/** Residuals this small against the rewards are rounding. */
const NO_NOISE = 1e-12;

/**
 * theta_0 for `lambda`, and the lambda that these users say. `users` in any order, each once; those without a reward do not count. The
 * same users give the same bits. Yields now and then. Throws not_enough_data below the minimum of users or rewards.
 */
export function* fitPrior(users: Iterable<UserSums>, lambda: number): Generator<void, PriorFit> {
  const all = [...users].filter(({ state }) => state.updates > 0).sort((a, b) => compareCodePoints(a.userId, b.userId));
  const shortage = priorShortage(all);
  if (shortage !== undefined) throw tooFew(shortage);
  const { theta, errors, undetermined, variance } = yield* poolAt(all, lambda);
  return {
    theta: [...theta],
    standardErrors: [...errors],
    undetermined,
    lambda,
    estimatedLambda: yield* estimateLambda(all),
    noise: Math.sqrt(variance),
    users: all.length,
    rewards: all.reduce((sum, { state }) => sum + state.updates, 0),
  };
}

export function tooFew({ users, rewards, missingUsers, missingRewards }: PriorShortage): TipstreamError {
  const missing = [
    ...(missingUsers > 0 ? [`${missingUsers} more users with at least ${MIN_USER_REWARDS} rewards`] : []),
    ...(missingRewards > 0 ? [`${missingRewards} more rewards`] : []),
  ];
  return new TipstreamError('not_enough_data', `a prior cannot be fitted on ${users} users and ${rewards} rewards`, {
    hint:
      `Missing: ${missing.join(' and ')}. A prior needs ${MIN_PRIOR_USERS} users with at least ${MIN_USER_REWARDS} rewards each, and ` +
      `${MIN_PRIOR_REWARDS} rewards: one fitted on fewer may make newcomers worse off.`,
    details: { users, rewards, missing_users: missingUsers, missing_rewards: missingRewards },
  });
}

interface Pooled {
  readonly theta: Float64Array;
  readonly errors: Float64Array;
  readonly undetermined: readonly number[];
  /** sigma^2; 0 when there is nothing but rounding. */
  readonly variance: number;
  /** -2 ln of the restricted likelihood, but for a constant. */
  readonly criterion: number;
}

function* poolAt(users: readonly UserSums[], lambda: number): Generator<void, Pooled> {
  const dimension = users[0]!.state.b.length;
  const weights = new Float64Array(users[0]!.state.g.length);
  const right = new Float64Array(dimension);
  let [rewards, squares, residual, logDeterminants] = [0, 0, 0, 0];
  for (const [at, { state, squares: ofUser }] of users.entries()) {
    if (at % USERS_AT_ONCE === 0) yield;
    const { g, b, updates } = state;
    const factor = choleskyOf(g, dimension, lambda);
    const inverse = inverseOf(factor, dimension);
    const own = solveUpper(factor, solveLower(factor, b, new Float64Array(dimension)));
    let explained = 0;
    let entry = 0;
    for (let i = 0; i < dimension; i++) {
      for (let j = 0; j <= i; j++, entry++) weights[entry]! += lambda * ((i === j ? 1 : 0) - lambda * inverse[entry]!);
      right[i]! += lambda * own[i]!;
      explained += b[i]! * own[i]!;
    }
    rewards += updates;
    squares += ofUser;
    residual += ofUser - explained;
    logDeterminants += logDeterminant(factor, dimension) - dimension * Math.log(lambda);
  }
  const { theta, errors, undetermined, logPivots } = solvePooled(weights, right, EVIDENCE_TOLERANCE * lambda * users.length);
  for (let i = 0; i < dimension; i++) residual -= theta[i]! * right[i]!;
  const freedom = rewards - (dimension - undetermined.length);
  const variance = residual <= NO_NOISE * squares ? 0 : residual / freedom;
  return {
    theta,
    errors: errors.map((error) => error * Math.sqrt(variance)),
    undetermined,
    variance,
    criterion: freedom * Math.log(variance) + logDeterminants + logPivots,
  };
}

/**
 * theta_0, and the roots of the diagonal of (sum of W_u)^-1. An entry that adds nothing to those before it (no user has it, or it is a
 * copy of them) is left at 0 and named.
 */
function solvePooled(weights: Float64Array, right: Float64Array, rounding: number) {
  const dimension = right.length;
  const factor = weights.slice();
  const undetermined: number[] = [];
  for (let i = 0; i < dimension; i++) {
    const row = (i * (i + 1)) / 2;
    const diagonal = factor[row + i]!;
    for (let j = 0; j < i; j++) {
      const column = (j * (j + 1)) / 2;
      let sum = undetermined.includes(j) ? 0 : factor[row + j]!;
      for (let k = 0; k < j; k++) sum -= factor[row + k]! * factor[column + k]!;
      factor[row + j] = sum / factor[column + j]!;
    }
    let pivot = diagonal;
    for (let k = 0; k < i; k++) pivot -= factor[row + k]! ** 2;
    if (pivot > Math.max(rounding, RANK_TOLERANCE * diagonal)) {
      factor[row + i] = Math.sqrt(pivot);
      continue;
    }
    undetermined.push(i);
    // A row of the identity: the entry takes part in no other's equation, and its own says 0.
    factor.fill(0, row, row + i);
    factor[row + i] = 1;
  }
  const known = right.map((value, i) => (undetermined.includes(i) ? 0 : value));
  const theta = solveUpper(factor, solveLower(factor, known, new Float64Array(dimension)));
  const inverse = inverseOf(factor, dimension);
  const errors = theta.map((_, i) => (undetermined.includes(i) ? 0 : Math.sqrt(inverse[(i * (i + 1)) / 2 + i]!)));
  return { theta, errors, undetermined, logPivots: logDeterminant(factor, dimension) };
}

/** The best of a grid, refined between its neighbours by golden section. */
function* estimateLambda(users: readonly UserSums[]): Generator<void, number | null> {
  const steps = Math.round(Math.log10(LAMBDA_SEARCH.high / LAMBDA_SEARCH.low) * SEARCH_STEPS_PER_DECADE);
  const width = Math.log(LAMBDA_SEARCH.high / LAMBDA_SEARCH.low) / steps;
  const start = Math.log(LAMBDA_SEARCH.low);
  const criterionAt = function* (logLambda: number): Generator<void, number> {
    return (yield* poolAt(users, Math.exp(logLambda))).criterion;
  };
  let best = { at: 0, criterion: Infinity };
  for (let at = 0; at <= steps; at++) {
    const criterion = yield* criterionAt(start + at * width);
    if (criterion === -Infinity) return null;
    if (criterion < best.criterion) best = { at, criterion };
  }
  let low = start + Math.max(0, best.at - 1) * width;
  let high = start + Math.min(steps, best.at + 1) * width;
  const golden = (Math.sqrt(5) - 1) / 2;
  let [left, right] = [high - golden * (high - low), low + golden * (high - low)];
  let [leftCriterion, rightCriterion] = [yield* criterionAt(left), yield* criterionAt(right)];
  while (high - low > SEARCH_PRECISION) {
    if (leftCriterion <= rightCriterion) {
      [high, right, rightCriterion] = [right, left, leftCriterion];
      leftCriterion = yield* criterionAt((left = high - golden * (high - low)));
    } else {
      [low, left, leftCriterion] = [left, right, rightCriterion];
      rightCriterion = yield* criterionAt((right = low + golden * (high - low)));
    }
  }
  return Math.exp((low + high) / 2);
}
