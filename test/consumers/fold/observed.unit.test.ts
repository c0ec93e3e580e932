import { describe, expect, it } from 'vitest';
import { LATENCY_BOUNDS_S, latenciesSince } from '../../../src/consumers/fold/latency-counts.js';
import { Observed } from '../../../src/consumers/fold/observed.js';

const filled = (counts: readonly number[]) =>
  counts.flatMap((count, bucket) => (count === 0 ? [] : [[LATENCY_BOUNDS_S[bucket] ?? Infinity, count]]));

describe('latencies', () => {
  it('lie in the first bucket whose bound they do not exceed, and beyond the last in one of their own', () => {
    const nowMs = 200_000_000;
    const { counts, sumSeconds } = latenciesSince([nowMs, nowMs - 10, nowMs - 11, nowMs - 1_000, nowMs - 86_400_000, 0], nowMs);
    expect(filled(counts)).toEqual([
      [0.01, 2],
      [0.025, 1],
      [1, 1],
      [86_400, 1],
      [Infinity, 1],
    ]);
    expect(sumSeconds).toBeCloseTo(0.01 + 0.011 + 1 + 86_400 + 200_000, 6);
  });

  it('of what has yet to happen are none', () => {
    expect(latenciesSince([5_000], 1_000)).toEqual(latenciesSince([1_000], 1_000));
  });
});

describe('what a batch says of itself', () => {
  it('is by topic, and is told once', () => {
    const observed = new Observed();
    observed.event('a', 100);
    observed.event('b', 900);
    observed.event('a', 300);
    observed.event('a', 200);
    observed.redriven('b');
    observed.redriven('c');
    const taken = observed.take(1_000);
    expect([...taken].map(([topic, { newestMs, redriven }]) => [topic, newestMs, redriven])).toEqual([
      ['a', 300, 0],
      ['b', 900, 1],
      ['c', null, 1],
    ]);
    expect(taken.get('a')!.latencies).toEqual(latenciesSince([100, 300, 200], 1_000));
    expect(observed.take(1_000).size).toBe(0);
  });

  it('takes an event of the future for one of now, or nothing would ever be stale', () => {
    const observed = new Observed();
    observed.event('a', 9_999);
    expect(observed.take(1_000).get('a')!.newestMs).toBe(1_000);
  });

  it('is forgotten with a batch that is rolled back', () => {
    const observed = new Observed();
    observed.event('a', 1);
    observed.forget();
    observed.event('a', 2);
    expect(filled(observed.take(2).get('a')!.latencies.counts)).toEqual([[0.01, 1]]);
  });
});
