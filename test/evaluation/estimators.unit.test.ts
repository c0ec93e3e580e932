import { describe, expect, it } from 'vitest';
import { sum } from '../../src/evaluation/estimators.js';
import type { EvaluationRow } from '../../src/evaluation/row.js';
import { estimate, rewardedRows } from '../support/evaluation-rows.js';

const row = (
  loggedPropensity: number,
  reward: number | null,
  newPropensity: number,
  expected: EvaluationRow['expected'] = null,
): EvaluationRow => ({ decisionId: 'd', reward, loggedPropensity, newPropensity, weights: null, expected, segments: {} });
const REFERENCE = [row(0.5, 1, 0.8), row(0.25, 0, 0.1), row(0.1, 1, 0.9), row(0.5, 0, 0.8), row(0.4, 1, 0.2)];

describe('estimates', () => {
  it('are the reference values', () => {
    const found = estimate(rewardedRows(REFERENCE), Infinity);
    expect(found.ips).toBeCloseTo(2.22, 9);
    expect(found.snips).toBeCloseTo(0.8473282442748091, 9);
    expect(found.ess).toBeCloseTo(13.1 ** 2 / 86.53, 9);
    expect(found.max_weight).toBeCloseTo(9, 9);
    expect(found.logged).toBeCloseTo(0.6, 9);
    expect(found.clipped_ips).toBe(found.ips);
    expect(found.doubly_robust).toBeNull();
  });

  it('of a policy judged by its own decisions are what it earned', () => {
    const own = [row(0.5, 1, 0.5), row(0.2, 0, 0.2), row(0.7, 1, 0.7)];
    const found = estimate(rewardedRows(own), 10);
    expect(found).toMatchObject({
      ips: 2 / 3,
      snips: 2 / 3,
      clipped_ips: 2 / 3,
      logged: 2 / 3,
      max_weight: 1,
      mean_weight: 1,
      clipped_share: 0,
    });
    expect(found.ess).toBeCloseTo(3, 12);
  });

  it('clip weights', () => {
    const found = estimate(rewardedRows(REFERENCE), 2);
    expect(found.clipped_ips).toBeCloseTo((1.6 + 2 + 0.5) / 5, 12);
    expect(found.clipped_share).toBeCloseTo(0.2, 12);
  });

  it('doubly robust: a perfect model needs no weights, a model of nothing is IPS', () => {
    const perfect = [
      row(0.5, 1, 0.8, { served: 1, underNew: 0.9, underLogged: 0.6 }),
      row(0.1, 0, 0.9, { served: 0, underNew: 0.3, underLogged: 0.2 }),
    ];
    expect(estimate(rewardedRows(perfect), 10).doubly_robust).toBeCloseTo(0.6, 12);
    const nothing = REFERENCE.map((one) => ({ ...one, expected: { served: 0, underNew: 0, underLogged: 0 } }));
    expect(estimate(rewardedRows(nothing), 10).doubly_robust).toBeCloseTo(2.22, 9);
  });

  it('leave missing rewards out, or count them as 0', () => {
    const rows = [row(0.5, 1, 0.5), row(0.5, null, 0.5)];
    expect(estimate(rewardedRows(rows), 10)).toMatchObject({ n: 1, ips: 1 });
    expect(estimate(rows, 10)).toMatchObject({ n: 2, ips: 0.5 });
  });

  it('of nothing are null', () => {
    expect(estimate([], 10)).toMatchObject({
      n: 0,
      ips: null,
      snips: null,
      clipped_ips: null,
      doubly_robust: null,
      logged: null,
      ess: 0,
      max_weight: 0,
    });
    expect(estimate(rewardedRows([row(0.5, 1, 0)]), 10)).toMatchObject({ ips: 0, snips: null, ess: 0 });
  });

  it('sums do not lose small values among many', () => {
    expect(sum(Array.from({ length: 1_000_000 }, () => 0.1))).toBeCloseTo(100_000, 8);
  });
});
