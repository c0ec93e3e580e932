import { describe, expect, it } from 'vitest';
import { KEPT_MS, addSample, sampleOf, samplesIn, withGaps, type Sample } from '../../../src/web/state/samples.js';
import { LAG } from '../../support/fake-application.js';

const sample = (atMs: number, over: Partial<Sample> = {}): Sample => ({
  atMs,
  written: 1,
  applied: 1,
  lagRecords: 0,
  lagSeconds: 0,
  ...over,
});

describe('a sample', () => {
  it('sums what is known, and knows the oldest only where all are known', () => {
    const [a, b, c] = [LAG[0]!, LAG[1]!, LAG[2]!];
    expect(
      sampleOf(
        [
          { ...a, rate_in: 2, rate_out: null, lag_records: 3, lag_seconds: 4 },
          { ...b, rate_in: null, rate_out: null, lag_seconds: 9 },
        ],
        7,
      ),
    ).toEqual({ atMs: 7, written: 2, applied: null, lagRecords: 3, lagSeconds: 9 });
    expect(sampleOf([{ ...c, lag_seconds: null }, b], 7).lagSeconds).toBeNull();
    expect(sampleOf([], 7)).toMatchObject({ written: null, lagRecords: 0 });
  });
});

describe('samples', () => {
  it('are of the last hour, and never more than one for five seconds', () => {
    let samples: readonly Sample[] = [];
    for (let ms = 0; ms <= 2 * KEPT_MS; ms += 1_000) samples = addSample(samples, sample(ms));
    expect(samples.length).toBeLessThanOrEqual(722);
    expect(samples.length).toBeGreaterThan(600);
    expect(samples[0]!.atMs).toBeGreaterThan(KEPT_MS);
    expect(samples.at(-1)!.atMs).toBe(2 * KEPT_MS);
    expect(samples.map(({ atMs }) => atMs)).toEqual([...samples.map(({ atMs }) => atMs)].sort((a, b) => a - b));
  });

  it('have a gap where nobody looked', () => {
    expect(withGaps([sample(0), sample(10_000), sample(200_000)])).toEqual([sample(0), sample(10_000), { atMs: 10_001 }, sample(200_000)]);
  });

  it('are taken from a session as far as they are samples of the last hour', () => {
    const kept = [
      sample(1),
      sample(KEPT_MS),
      sample(2 * KEPT_MS),
      { atMs: KEPT_MS, written: 'x' },
      null,
      sample(KEPT_MS, { applied: null }),
    ];
    expect(samplesIn(JSON.stringify(kept), KEPT_MS + 5)).toEqual([sample(KEPT_MS), sample(KEPT_MS, { applied: null })]);
    for (const text of [null, '', 'x', '{}', '7']) expect(samplesIn(text, 0)).toEqual([]);
  });
});
