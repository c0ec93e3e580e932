import { describe, expect, it } from 'vitest';
import { firstFullWindowMs, spansBefore, type Period } from '../../src/monitoring/periods.js';

const iso = (period: Period, asOf: string, count: number) =>
  spansBefore(period, Date.parse(asOf), count).map(({ from_ms: from, to_ms: to }) =>
    [from, to].map((ms) => new Date(ms).toISOString().slice(0, 16)).join(' to '),
  );

describe('periods', () => {
  it('are the whole ones before a time, in UTC', () => {
    expect(iso('day', '2026-03-01T00:00:00Z', 2)).toEqual(['2026-02-27T00:00 to 2026-02-28T00:00', '2026-02-28T00:00 to 2026-03-01T00:00']);
    expect(iso('week', '2026-11-20T12:30:00Z', 2)).toEqual([
      '2026-11-02T00:00 to 2026-11-09T00:00',
      '2026-11-09T00:00 to 2026-11-16T00:00',
    ]);
    expect(iso('month', '2026-03-31T23:59:59Z', 2)).toEqual([
      '2026-01-01T00:00 to 2026-02-01T00:00',
      '2026-02-01T00:00 to 2026-03-01T00:00',
    ]);
  });

  it('of which the first with full windows ends on a Monday, 30 days or more after the first event', () => {
    expect(new Date(firstFullWindowMs(Date.UTC(2026, 9, 13, 12))).toISOString()).toBe('2026-11-16T00:00:00.000Z');
    expect(new Date(firstFullWindowMs(Date.UTC(2026, 9, 17))).toISOString()).toBe('2026-11-16T00:00:00.000Z'); // 30 days to the millisecond
    expect(firstFullWindowMs(Infinity)).not.toBeLessThanOrEqual(Date.now());
  });
});
