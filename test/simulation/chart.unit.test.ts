import { describe, expect, it } from 'vitest';
import { roundStep, roundTicks } from '../../src/evaluation/pictures/axis.js';
import { curvesSvg, sparkline, type Curve } from '../../src/simulation/chart.js';

const curves: Curve[] = [
  { policy: 'a<b', points: [0, 0.5, 1] },
  { policy: 'c', points: [0.25, 0.25, 0.25] },
];
const drawn = (of: readonly Curve[], days = 60) => curvesSvg({ title: 'Title & more', days, panels: [{ label: 'a label', curves: of }] });
const numbersOf = (svg: string, pattern: RegExp) => [...svg.matchAll(pattern)].map(([, number]) => Number(number));

describe('a line of blocks', () => {
  it('is drawn on one scale', () => {
    expect(curves.map(({ points }) => sparkline(points, curves))).toEqual(['▁▅█', '▃▃▃']);
    expect(sparkline([1, 1], [{ policy: 'flat', points: [1, 1] }])).toBe('▅▅');
  });
  it('has gaps where there is nothing', () => {
    const gaps = [{ policy: 'a', points: [null, 0, null, 1, 0.5] }];
    expect(sparkline(gaps[0]!.points, gaps)).toBe(' ▁ █▅');
    expect(sparkline([null], [{ policy: 'a', points: [null] }])).toBe(' ');
  });
});

describe('learning curves', () => {
  it('name every policy, in black, beside a sample of its line', () => {
    const svg = drawn(curves);
    expect(svg).toMatch(/^<svg .*<\/svg>\n$/s);
    expect(svg).toContain('>a&lt;b</text>');
    expect(svg).toContain('Title &amp; more');
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    expect(svg).not.toMatch(/NaN|null|undefined|Infinity/);
  });

  it('have gaps where there is nothing, and draw nothing outside of the picture', () => {
    const svg = drawn([{ policy: 'a', points: [null, 0, null, 1, 0.5] }]);
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    expect(svg).not.toMatch(/NaN|null/);
    expect(drawn([{ policy: 'a', points: [null, null] }])).not.toMatch(/NaN|<polyline/);
  });

  it('differ by their pattern, for who prints without colours', () => {
    const eight = Array.from({ length: 8 }, (_, i) => ({ policy: `p${i}`, points: [0, i] }));
    const svg = drawn(eight);
    const patterns = [...svg.matchAll(/<polyline fill="none" stroke="(#\w+)" stroke-width="2"([^>]*?) points/g)];
    expect(patterns).toHaveLength(8);
    expect(new Set(patterns.map(([, , pattern]) => pattern)).size).toBe(8);
    expect(new Set(patterns.map(([, colour]) => colour)).size).toBe(8);
    // The sample beside the name is drawn as the line is.
    for (const [, colour, pattern] of patterns)
      expect(svg).toContain(`<line fill="none" stroke="${colour}" stroke-width="2"${pattern} x1=`);
  });

  it('have round numbers on both axes: values, and days', () => {
    const texts = (svg: string, anchor: string) =>
      [...svg.matchAll(new RegExp(`text-anchor="${anchor}">([\\d.-]+)<`, 'g'))].map(([, text]) => text);
    expect(texts(drawn([{ policy: 'a', points: [0.3123, 0.4871] }]), 'end')).toEqual(['0.35', '0.40', '0.45']);
    expect(texts(drawn(curves), 'middle')).toEqual(['0', '10', '20', '30', '40', '50', '60']);
    expect(texts(drawn(curves, 3), 'middle')).toEqual(['0', '1', '2', '3']);
    expect(texts(drawn(curves, 365), 'middle')).toEqual(['0', '50', '100', '150', '200', '250', '300', '350']);
    expect(drawn(curves)).toContain('>days since the start</text>');
  });

  it('put a point in the middle of its part of the time', () => {
    const svg = drawn([{ policy: 'a', points: [0, 1] }], 10);
    const [xs] = [...svg.matchAll(/<polyline[^>]*points="([\d.]+),[\d.]+ ([\d.]+),/g)];
    const days = new Map(
      [...svg.matchAll(/<text x="([\d.]+)"[^>]*text-anchor="middle">(\d+)</g)].map(([, x, day]) => [Number(day), Number(x)]),
    );
    const xOf = (day: number) => days.get(0)! + (day * (days.get(10)! - days.get(0)!)) / 10;
    expect(Number(xs![1])).toBeCloseTo(xOf(2.5), 0);
    expect(Number(xs![2])).toBeCloseTo(xOf(7.5), 0);
  });

  it('have a band from the lower to the upper ends, where there are any', () => {
    const banded = [{ policy: 'a', points: [0.4, null, 0.5, 0.6], low: [0.3, null, 0.4, 0.55], high: [0.5, null, 0.6, 0.65] }];
    const svg = drawn(banded);
    expect(svg.match(/<polygon/g)).toHaveLength(2);
    expect(svg.match(/fill-opacity/g)).toHaveLength(2);
    expect(drawn(curves)).not.toContain('<polygon');
    // Bands that reach everywhere leave the curves readable.
    const wide = drawn([{ policy: 'a', points: [0.4, 0.5], low: [0, 0.45], high: [1, 0.55] }]);
    const ys = numbersOf(wide, /<polyline[^>]*points="[\d.]+,([\d.]+)/g).concat(numbersOf(wide, /<polyline[^>]* [\d.]+,([\d.]+)"/g));
    expect(Math.abs(ys[0]! - ys[1]!)).toBeGreaterThan(100);
  });

  it('stand below each other, one panel for each kind', () => {
    const svg = curvesSvg({
      title: 't',
      days: 30,
      panels: [
        { label: 'chance', curves },
        { label: 'regret', curves },
      ],
    });
    expect(svg).toMatch(/>chance<[^]*>regret</);
    expect(svg.match(/<polyline/g)).toHaveLength(4);
    // One legend for all.
    expect(svg.match(/>c<\/text>/g)).toHaveLength(1);
    const height = Number(/viewBox="0 0 760 ([\d.]+)"/.exec(svg)![1]);
    for (const y of numbersOf(svg, / y[12]?="([\d.]+)"/g)) expect(y).toBeLessThanOrEqual(height);
  });
});

describe('round numbers', () => {
  it.each([
    [0.0137, 0.02],
    [0.02, 0.02],
    [0.3, 0.5],
    [6, 10],
    [1, 1],
    [0.1, 0.1],
    [700, 1_000],
  ])('a step of at least %f is %f', (least, step) => expect(roundStep(least)).toBeCloseTo(step, 12));
  it('begin and end within the axis', () => {
    expect(roundTicks(-0.031, 0.052, 5).map(({ text }) => text)).toEqual(['-0.02', '0', '0.02', '0.04']);
    expect(roundTicks(0, 2, 8, 1).map(({ text }) => text)).toEqual(['0', '1', '2']);
  });
});
