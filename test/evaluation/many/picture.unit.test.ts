import { expect, it } from 'vitest';
import type { VariantReport } from '../../../src/evaluation/many/comparison.js';
import { gainsSvg } from '../../../src/evaluation/many/picture.js';

const report = (more: Partial<VariantReport>): VariantReport => ({
  policy: 'egreedy-v2',
  epsilon: 0.1,
  lambda: 1,
  n: 5_000,
  missing_rewards: 0,
  set_aside: {},
  logged: 0.3,
  gain: 0.02,
  low: -0.01,
  high: 0.05,
  e_value: 3,
  ess: 900,
  mean_weight: 1,
  max_weight: 20,
  finding: 'open',
  reason: null,
  ...more,
});
const reports = [
  report({ lambda: 2, gain: 0.04, low: 0.01, high: 0.07, finding: 'better' }),
  report({}),
  report({ policy: 'a<b"c', epsilon: null, gain: -0.05, low: -0.08, high: -0.02, finding: 'worse' }),
  report({ policy: 'random', gain: 0.4, low: -0.9, high: 1, finding: 'cannot tell', reason: 'no' }),
];
const svg = gainsSvg({ title: 'Gain against egreedy-v1', baseline: 'egreedy-v1', alpha: 0.05, reports });

it('has a row for each, its name, and what the intervals are', () => {
  const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
  expect(texts).toEqual(
    expect.arrayContaining([
      'egreedy-v2, ε 0.1, λ 2',
      'a&lt;b&quot;c, λ 1',
      'random, ε 0.1, λ 1',
      'intervals that hold for all 4 together, at 95 %; full dot: better, square: worse, empty: neither is shown, dashed: nobody can tell',
      'reward per decision more than egreedy-v1',
    ]),
  );
});

it('tells them apart by form: full and empty dots, a square, dashes', () => {
  expect([...svg.matchAll(/<circle[^>]*fill="#000000"/g)]).toHaveLength(1);
  expect([...svg.matchAll(/<circle[^>]*fill="#ffffff"/g)]).toHaveLength(2);
  expect([...svg.matchAll(/<rect [^>]*width="8"/g)]).toHaveLength(1);
  expect([...svg.matchAll(/stroke-dasharray/g)]).toHaveLength(1);
  // Nothing but black, white and greys.
  expect([...svg.matchAll(/#([0-9a-f]{6})/g)].every(([, hex]) => hex!.slice(0, 2) === hex!.slice(2, 4))).toBe(true);
});

it('has round ticks, and room for what can be told alone: the rest ends in arrows', () => {
  const ticks = [...svg.matchAll(/text-anchor="middle">(-?[\d.]+)</g)].map(([, tick]) => Number(tick));
  expect(ticks).toContain(0);
  expect(ticks.every((tick) => Math.abs(tick) < 0.1 && Math.abs(Math.round(tick * 1_000) - tick * 1_000) < 1e-9)).toBe(true);
  const xs = [...svg.matchAll(/ x[12]?="([\d.-]+)"/g)].map(([, x]) => Number(x));
  expect(Math.min(...xs)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...xs)).toBeLessThanOrEqual(760);
  expect([...svg.matchAll(/<polyline/g)]).toHaveLength(2);
});

it('is the same for the same numbers', () => {
  expect(gainsSvg({ title: 'Gain against egreedy-v1', baseline: 'egreedy-v1', alpha: 0.05, reports })).toBe(svg);
});
