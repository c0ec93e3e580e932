import { describe, expect, it } from 'vitest';
import type { AaResult, FalseAlarms } from '../../../src/evaluation/aa-test/aa-test.js';
import { ratesSvg } from '../../../src/evaluation/aa-test/chart.js';
import { ratesOf, sayRates } from '../../../src/evaluation/aa-test/rates.js';
import { intervalOfHits } from '../../../src/evaluation/beta.js';

function alarms(rollouts: number, decided: number, [rollbacks, gains]: readonly [number, number], judged = 0, promotes = 0): FalseAlarms {
  return {
    rollouts,
    decided,
    false_rollbacks: rollbacks,
    rollback_rate: intervalOfHits(rollbacks, decided, 0.05),
    false_gains: gains,
    gain_rate: intervalOfHits(gains, decided, 0.05),
    judged,
    false_promotes: promotes,
    promote_rate: intervalOfHits(promotes, judged, 0.05),
  };
}

const result = (over: Partial<AaResult> = {}): AaResult => ({
  ...alarms(400, 200, [8, 3], 390, 2),
  seed: 1,
  relabellings: 1_999,
  users: 200,
  users_drawn: 200,
  decisions: 10_000,
  without_propensities: 0,
  from_ms: 0,
  to_ms: 1,
  alpha: { rollback: 0.05, gain: 0.025, promote: 0.05 },
  worlds: [
    { name: '10 %', percents: [10], ...alarms(200, 0, [0, 0]) },
    { name: '50 %', percents: [50], ...alarms(200, 200, [8, 3]) },
  ],
  ...over,
});

describe('what an A/A test says', () => {
  it('is that nothing was tried where nothing could act, and that no rate is surely too high', () => {
    const rows = ratesOf(result());
    expect(rows.map(({ world, actor, of, acted }) => [world, actor, of, acted])).toEqual([
      ['10 %', 'guardrail rolls back', 0, 0],
      ['10 %', 'comparison shows a gain', 0, 0],
      ['50 %', 'guardrail rolls back', 200, 8],
      ['50 %', 'comparison shows a gain', 200, 3],
      ['all', 'guardrail rolls back', 200, 8],
      ['all', 'comparison shows a gain', 200, 3],
      ['all', 'gate promotes', 390, 2],
    ]);
    expect(sayRates(rows)).toEqual([
      'too few users or decisions to act in any rollout, so nothing was tried: guardrail rolls back (10 %), comparison shows a gain (10 %)',
      'no rate is surely above what is promised',
    ]);
  });

  it('names what acts surely more often than promised', () => {
    const broken = alarms(200, 200, [30, 3]);
    const rows = ratesOf(result({ ...broken, worlds: [{ name: '50 %', percents: [50], ...broken }] }));
    expect(rows.map(({ world }) => world)).toEqual(['50 %', '50 %', 'all']);
    expect(sayRates(rows)).toEqual([
      'too few users or decisions to act in any rollout, so nothing was tried: gate promotes (all)',
      'surely more often than promised: guardrail rolls back (50 %)',
    ]);
  });

  it('calls nothing harmless when nothing was tried', () => {
    const nothing = alarms(4, 0, [0, 0]);
    const rows = ratesOf(result({ ...nothing, worlds: [{ name: '10 %', percents: [10], ...nothing }] }));
    expect(sayRates(rows)).toEqual([expect.stringContaining('nothing was tried')]);
  });

  it('is a picture, too: a dot and a line for each row that was tried', () => {
    const rows = ratesOf(result());
    const svg = ratesSvg(rows, 'Rollouts & more');
    expect(svg).toMatch(/^<svg .*<\/svg>\n$/s);
    expect(svg).toContain('Rollouts &amp; more');
    expect(svg.match(/<circle/g)).toHaveLength(5);
    expect(svg.match(/not tried/g)).toHaveLength(2);
    expect(svg).toContain('8 of 200');
    expect(svg).not.toMatch(/NaN|null|undefined/);
    expect(ratesSvg(rows, 'Rollouts & more')).toBe(svg);
    // The axis grows with what it has to hold.
    expect(svg).toContain('>10 %<');
    expect(ratesSvg(ratesOf(result(alarms(10, 10, [6, 3]))), 'more')).toContain('>100 %<');
  });
});
