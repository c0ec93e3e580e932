/** Against numpy and MABWiser: fixtures/policy_reference.py tells how the numbers were made. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { add, emptyState, posterior, type RidgeState } from '../../src/policies/ridge.js';

interface Solved {
  readonly dimension: number;
  readonly lambda: number;
  readonly theta: readonly number[];
  readonly condition: number;
  readonly probes_4096: readonly (readonly number[])[];
  readonly variances: readonly number[];
}
interface Learned {
  readonly xs_4096: readonly (readonly number[])[];
  readonly rewards: readonly number[];
}
const { ridge, million, linucb } = JSON.parse(readFileSync(new URL('../fixtures/policy-reference.json', import.meta.url), 'utf8')) as {
  ridge: (Solved & Learned & { name: string })[];
  million: Solved & { updates: number };
  linucb: (Learned & { dimension: number; probes_4096: number[][]; bounds: number[] })[];
};

const onGrid = (entries: readonly number[]) => entries.map((entry) => entry / 4096);

function learned({ xs_4096: xs, rewards }: Learned, dimension: number): RidgeState {
  const state = emptyState(dimension);
  xs.forEach((x, i) => add(state, onGrid(x), rewards[i]!, 1));
  return state;
}

/** Both solve in double precision: they may differ by the condition of the matrix times the rounding. */
function expectSolved(state: RidgeState, { lambda, theta, condition, probes_4096: probes, variances }: Solved): void {
  const found = posterior(state, lambda);
  const tolerance = Math.max(1e-12, condition * 1e-14);
  theta.forEach((entry, i) => expect(Math.abs(found.theta[i]! - entry)).toBeLessThan(tolerance));
  probes.forEach((probe, i) => expect(Math.abs(found.variance(onGrid(probe)) - variances[i]!)).toBeLessThan(tolerance));
}

describe('ridge regression against numpy', () => {
  it.each(ridge)('$name, D = $dimension', (one) => expectSolved(learned(one, one.dimension), one));

  it('a million updates', () => {
    const state = emptyState(million.dimension);
    const x = new Float64Array(million.dimension);
    for (let t = 0; t < million.updates; t++) {
      for (let i = 0; i < x.length; i++) x[i] = (((t * (2 * i + 3)) % 8193) - 4096) / 4096;
      add(state, x, t % 5 < 2 ? 1 : 0, 1);
    }
    expect(state.updates).toBe(million.updates);
    expectSolved(state, million);
  });
});

describe('the upper bound against MABWiser', () => {
  it.each(linucb.map((one, i) => ({ ...one, i })))('case $i, D = $dimension', ({ dimension, probes_4096: probes, bounds, ...one }) => {
    const { theta, variance } = posterior(learned(one, dimension), 1);
    probes.map(onGrid).forEach((probe, i) => {
      const expected = probe.reduce((sum, entry, k) => sum + entry * theta[k]!, 0) + Math.sqrt(variance(probe));
      expect(expected).toBeCloseTo(bounds[i]!, 9);
    });
  });
});
