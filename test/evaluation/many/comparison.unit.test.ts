import { describe, expect, it } from 'vitest';
import { DifferenceSums } from '../../../src/evaluation/difference.js';
import { ManyComparison } from '../../../src/evaluation/many/comparison.js';
import { MeanWeight } from '../../../src/evaluation/many/mean-weight.js';
import type { Variant } from '../../../src/evaluation/many/variants.js';
import type { EvaluationRow } from '../../../src/evaluation/row.js';
import { GATE_THRESHOLDS } from '../../../src/evaluation/thresholds.js';
import { policyNamed } from '../../../src/policies/registry.js';
import { randomStream, type Random } from '../../../src/random.js';

const COMPARED = 12;
const CANDIDATES = 4;
const EPSILON = 0.4;
const variants: Variant[] = Array.from({ length: COMPARED }, (_, i) => ({
  policy: policyNamed('egreedy-v2'),
  epsilon: 0.1,
  lambda: i + 1,
}));
const { alpha } = GATE_THRESHOLDS;

/** Each policy scores a candidate of its own highest, decision by decision; `better` does so where it is done more often. */
function rowsOf(random: Random, i: number, better: number | null): EvaluationRow[] {
  const floor = EPSILON / CANDIDATES;
  const highest = random.integer(0, CANDIDATES - 1);
  const good = random.integer(0, CANDIDATES - 1);
  const chosen = random.chance(EPSILON) ? random.integer(0, CANDIDATES - 1) : highest;
  const reward = random.chance(better !== null && chosen === good ? 0.6 : 0.3) ? 1 : 0;
  const logged = (candidate: number) => floor + (candidate === highest ? 1 - EPSILON : 0);
  return variants.map((_, variant) => {
    const favourite = variant === better ? good : random.integer(0, CANDIDATES - 1);
    const next = (candidate: number) => floor + (candidate === favourite ? 1 - EPSILON : 0);
    const weights = Array.from({ length: CANDIDATES }, (_, candidate) => next(candidate) / logged(candidate));
    return {
      decisionId: `d${i}`,
      reward,
      loggedPropensity: logged(chosen),
      newPropensity: next(chosen),
      weights: {
        largest: Math.max(...weights),
        variance: weights.reduce((sum, weight, candidate) => sum + next(candidate) * weight, 0) - 1,
      },
      expected: null,
      segments: { half: i % 2 === 0 ? 'even' : 'odd' },
    };
  });
}

function compared(seed: number, decisions: number, better: number | null, withSegments = false) {
  const random = randomStream(seed, 'many');
  const comparison = new ManyComparison(variants, GATE_THRESHOLDS, { withSegments });
  const alone = variants.map(() => new DifferenceSums(GATE_THRESHOLDS.min_gain));
  for (let i = 0; i < decisions; i++) {
    const rows = rowsOf(random, i, better);
    comparison.add(rows);
    for (const [at, row] of rows.entries()) alone[at]!.add(row);
  }
  return { reports: comparison.reports(), alone };
}

describe('many policies compared', () => {
  it('have the intervals of each at alpha divided by their number', () => {
    const { reports, alone } = compared(1, 600, null);
    for (const report of reports) {
      const { confidence_sequence, e_value, mean } = alone[report.lambda - 1]!.result(alpha / COMPARED);
      expect(report).toMatchObject({ low: confidence_sequence.low, high: confidence_sequence.high, gain: mean, n: 600, epsilon: 0.1 });
      expect(report.e_value).toBeCloseTo(e_value, 9);
      expect(report.mean_weight).toBeCloseTo(1, 0);
    }
    expect(reports.map(({ low }) => low)).toEqual(reports.map(({ low }) => low).toSorted((a, b) => b - a));
  });

  it('name one that is better, and by segment where it is asked for', () => {
    const { reports } = compared(2, 6_000, 7, true);
    expect(reports[0]).toMatchObject({ lambda: 8, finding: 'better', reason: null });
    expect(reports.slice(1).map(({ finding }) => finding)).toEqual(Array.from({ length: COMPARED - 1 }, () => 'open'));
    expect(reports[0]!.segments!.map(({ segment }) => segment)).toEqual(['even', 'odd']);
  });

  it('of 100 logs of twelve that are all no better, one is picked as better in at most 5 of 100', () => {
    let [wrong, missed] = [0, 0];
    for (let run = 0; run < 100; run++) {
      const { reports } = compared(100 + run, 500, null);
      if (reports.some(({ finding }) => finding === 'better' || finding === 'worse')) wrong++;
      if (reports.some(({ low, high }) => low > 0 || high < 0)) missed++;
    }
    // More than 14 of 100 happen once in 10,000 times where 5 of 100 are allowed.
    expect(wrong).toBeLessThanOrEqual(14);
    expect(missed).toBeLessThanOrEqual(14);
  });

  it('say of one that nobody can tell why', () => {
    expect(compared(3, 50, null).reports[0]).toMatchObject({
      finding: 'cannot tell',
      reason: expect.stringMatching(/^the effective sample size is [\d.]+, below 200$/) as string,
    });
    const nothing = new ManyComparison(variants, GATE_THRESHOLDS, { withSegments: false });
    nothing.add(variants.map(() => 'no exploration' as const));
    expect(nothing.reports()[0]).toMatchObject({
      n: 0,
      gain: null,
      finding: 'cannot tell',
      reason: 'no decision shows anything of it',
      set_aside: { 'no exploration': 1 },
    });
  });

  it('are not gone by where somebody left out decisions by what was chosen', () => {
    const random = randomStream(5, 'left out');
    const comparison = new ManyComparison(variants, GATE_THRESHOLDS, { withSegments: false });
    // Decisions in which number 3 would have done otherwise are followed half as often.
    for (let i = 0; i < 6_000; i++) {
      const rows = rowsOf(random, i, null);
      if (rows[3]!.newPropensity < rows[3]!.loggedPropensity && random.chance(0.5)) continue;
      comparison.add(rows);
    }
    const report = comparison.reports().find(({ lambda }) => lambda === 4)!;
    expect(report.finding).toBe('cannot tell');
    expect(report.reason).toMatch(/^the mean weight is 1\.\d+, (not 1 by chance|where 1 is expected)/);
  });
});

describe('the mean weight', () => {
  it('is called another than 1 in fewer than 1 of 100 logs where it is 1, and where it is not it is', () => {
    let [wrong, right] = [0, 0];
    for (let run = 0; run < 300; run++) {
      const random = randomStream(run, 'mean weight');
      const [fair, unfair] = [new MeanWeight(), new MeanWeight()];
      for (let i = 0; i < 1_000; i++) {
        const weights = { largest: 20, variance: 19 };
        fair.add(random.chance(0.05) ? 20 : 0, weights);
        unfair.add(random.chance(0.1) ? 20 : 0, weights);
      }
      if (fair.isNotOne(0.01)) wrong++;
      if (unfair.isNotOne(0.01)) right++;
    }
    expect(wrong).toBeLessThanOrEqual(3);
    expect(right).toBeGreaterThan(250);
    expect(new MeanWeight().isNotOne(0.05)).toBe(false);
  });
});
