import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fitPrior, type PriorFit, type UserSums } from '../../../src/policies/prior/fit.js';
import { add, emptyState } from '../../../src/policies/ridge.js';
import { randomStream, type Random } from '../../../src/random.js';
import { oraclePrior, type OracleUser } from '../../oracle/prior.js';
import { finished } from '../../support/finished.js';

const grid = (value: number) => Math.round(value * 4096) / 4096;

interface Plan {
  readonly seed: number;
  readonly dimension: number;
  readonly users: number;
  /** Decisions of the least and the most active user. */
  readonly decisions: readonly [number, number];
  /** Standard deviations of a user's theta around the mean, and of a reward around x . theta. */
  readonly spread: number;
  readonly noise: number;
}

/** Users of a known mean; a reward is any number on the grid of 1/256. */
function planted({ seed, dimension, users, decisions: [fewest, most], spread, noise }: Plan) {
  const random = randomStream(seed, 'pooled prior');
  const mean = Array.from({ length: dimension }, () => random.next() - 0.5);
  const vector = () => mean.map((_, i) => (i === 0 ? 1 : grid(2 * random.next() - 1)));
  const made: OracleUser[] = Array.from({ length: users }, () => {
    const theta = mean.map((entry) => entry + spread * random.normal());
    const xs = Array.from({ length: random.integer(fewest, most) }, vector);
    return { xs, rewards: xs.map((x) => reward(x, theta, noise, random)) };
  });
  return { mean, made };
}

function reward(x: readonly number[], theta: readonly number[], noise: number, random: Random): number {
  const value = x.reduce((sum, entry, i) => sum + entry * theta[i]!, noise * random.normal());
  return Math.round(value * 256) / 256;
}

function sumsOf(users: readonly OracleUser[]): UserSums[] {
  return users.map(({ xs, rewards }, i) => {
    const state = emptyState(xs[0]!.length);
    xs.forEach((x, at) => add(state, x, rewards[at]!, 1));
    return { userId: `user-${i}`, state, squares: rewards.reduce((sum, r) => sum + r * r, 0) };
  });
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number) {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(tolerance));
}

const LAMBDA = 10;
const plan = fc.record({
  seed: fc.nat(),
  dimension: fc.constantFrom(1, 3, 7),
  users: fc.integer({ min: 160, max: 200 }),
  decisions: fc.constantFrom<[number, number][]>([30, 40], [28, 60]),
  spread: fc.constantFrom(0.05, 0.15, 0.4),
  noise: fc.constantFrom(0.2, 0.5),
});

it('is what generalised least squares over dense covariances gives, and no other lambda is likelier', () => {
  fc.assert(
    fc.property(plan, (one) => {
      const { made } = planted(one);
      const fit = finished(fitPrior(sumsOf(made), LAMBDA));
      const expected = oraclePrior(made, LAMBDA);
      expectClose(fit.theta, expected.theta, 1e-9);
      expectClose(fit.standardErrors, expected.errors, 1e-9);
      expect(fit.noise).toBeCloseTo(expected.noise, 9);
      expect(fit.undetermined).toEqual([]);
      const found = oraclePrior(made, fit.estimatedLambda!).criterion;
      for (const factor of [0.3, 0.98, 1.02, 3]) {
        const lambda = fit.estimatedLambda! * factor;
        if (lambda < 0.1 || lambda > 1_000) continue;
        expect(oraclePrior(made, lambda).criterion).toBeGreaterThanOrEqual(found - 1e-6);
      }
    }),
    { numRuns: 4 },
  );
});

it('finds the mean that was planted, and the lambda within what so many users can tell', () => {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(3, 10, 30), (seed, lambda) => {
      const noise = 0.4;
      const spread = noise / Math.sqrt(lambda);
      const { mean, made } = planted({ seed, dimension: 7, users: 400, decisions: [20, 60], spread, noise });
      const fit = finished(fitPrior(sumsOf(made), lambda));
      mean.forEach((entry, i) => expect(Math.abs(fit.theta[i]! - entry)).toBeLessThan(5 * fit.standardErrors[i]!));
      // 5 standard errors also bound what the fit says of its own precision: the mean of 400 users is known to a few hundredths.
      expect(Math.max(...fit.standardErrors)).toBeLessThan(spread / 10 + 0.02);
      expect(fit.noise).toBeCloseTo(noise, 1);
      expect(Math.abs(Math.log(fit.estimatedLambda! / lambda))).toBeLessThan(0.6);
    }),
    { numRuns: 25 },
  );
});

it('gives the same bits whatever the order of users, and does not touch their sums', () => {
  const { made } = planted({ seed: 3, dimension: 7, users: 150, decisions: [30, 60], spread: 0.2, noise: 0.4 });
  const users = sumsOf(made);
  const before = structuredClone(users);
  const bits = ({ theta, standardErrors, estimatedLambda }: PriorFit) =>
    Buffer.from(Float64Array.from([...theta, ...standardErrors, estimatedLambda!]).buffer).toString('hex');
  const first = bits(finished(fitPrior(users, LAMBDA)));
  expect(users).toEqual(before);
  fc.assert(
    fc.property(fc.shuffledSubarray(users, { minLength: users.length }), (shuffled) => {
      expect(bits(finished(fitPrior(shuffled, LAMBDA)))).toBe(first);
    }),
    { numRuns: 5 },
  );
});
