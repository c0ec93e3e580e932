/** Against scipy, numpy and evidently, whose versions and answers are in reference/reference.json, with the script that made it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chiSquaredAbove, chiSquaredTail } from '../../src/quality/chi-squared.js';
import { summaryOf } from '../../src/quality/distribution.js';
import { binsInEither, jensenShannon, klDivergence, psi, psiByChance } from '../../src/quality/divergence.js';
import { kolmogorovSmirnov, kolmogorovTail } from '../../src/quality/kolmogorov-smirnov.js';
import { NumericSample } from '../../src/quality/sample.js';

interface Reference {
  readonly chi_squared: readonly { tail: number; df: number; value: number }[];
  readonly kolmogorov: readonly { x: number; tail: number }[];
  readonly bins: readonly { baseline: number[]; current: number[]; psi: number; kl: number; js: number; by_chance: number }[];
  readonly evidently: readonly { baseline: number[]; current: number[]; psi: number }[];
  readonly ks: readonly { baseline: number[]; current: number[]; statistic: number; p_value: number; threshold: number }[];
  readonly summaries: readonly { values: number[]; mean: number; stddev: number; percentiles: Record<string, number> }[];
}

const REFERENCE = JSON.parse(readFileSync(new URL('reference/reference.json', import.meta.url), 'utf8')) as Reference;

/** To 1e-9, relative above 1. */
function expectClose(found: number, wanted: number): void {
  expect(Math.abs(found - wanted), `${found} against ${wanted}`).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(wanted)));
}

const sampleOf = (values: readonly number[]) => {
  const sample = new NumericSample();
  for (const value of values) sample.add(value);
  return sample.distribution();
};
const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);

describe('reference values', () => {
  it.each(REFERENCE.chi_squared)('chi-squared: $tail of $df degrees of freedom', ({ tail, df, value }) => {
    expectClose(chiSquaredAbove(tail, df), value);
    expectClose(chiSquaredTail(value, df), tail);
  });

  it.each(REFERENCE.kolmogorov)('Kolmogorov at $x', ({ x, tail }) => expectClose(kolmogorovTail(x), tail));

  it.each(REFERENCE.bins)('PSI, KL and Jensen-Shannon of $baseline and $current', ({ baseline, current, ...wanted }) => {
    expectClose(psi(baseline, current), wanted.psi);
    expectClose(klDivergence(baseline, current), wanted.kl);
    expectClose(jensenShannon(baseline, current), wanted.js);
    expectClose(psiByChance(binsInEither(baseline, current), sum(baseline), sum(current)), wanted.by_chance);
  });

  it.each(REFERENCE.evidently)("evidently's PSI of $baseline and $current", ({ baseline, current, psi: wanted }) => {
    expectClose(psi(baseline, current), wanted);
  });

  it.each(REFERENCE.ks)('Kolmogorov-Smirnov, D = $statistic', ({ baseline, current, statistic, p_value: pValue, threshold }) => {
    const found = kolmogorovSmirnov(sampleOf(baseline), sampleOf(current))!;
    expectClose(found.statistic, statistic);
    expectClose(found.p_value, pValue);
    expectClose(found.threshold, threshold);
  });

  it.each(REFERENCE.summaries)('mean $mean', ({ values, mean, stddev, percentiles }) => {
    const found = summaryOf(sampleOf(values));
    expectClose(found.mean!, mean);
    expectClose(found.stddev!, stddev);
    for (const [name, value] of Object.entries(percentiles)) expectClose(found.percentiles![name]!, value);
  });
});
