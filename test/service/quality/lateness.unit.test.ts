import { describe, expect, it } from 'vitest';
import { LATE_AFTER_MS, latenessOf, type LookedAt } from '../../../src/service/quality/lateness.js';

const AT_MS = Date.UTC(2026, 0, 31);
/** A record at AT_MS plus its offset whose event happened `lateByMs` before it. */
const late = (offset: number, lateByMs: number): LookedAt => ({
  ...{ topic: 'tip.served', partition: 1, offset, timestampMs: AT_MS + offset },
  eventMs: AT_MS + offset - lateByMs,
});

describe('lateness', () => {
  it('of nothing is nothing that is known', () => {
    expect(latenessOf([])).toEqual({
      ...{ records: 0, on_time: 0, late: 0, future_dated: 0, not_events: 0, no_timestamp: 0 },
      ...{ median_ms: null, p95_ms: null, max_ms: null, latest: null, newest_timestamp_ms: null },
    });
  });

  it.each([
    { of: [7], median_ms: 7, p95_ms: 7, max_ms: 7 },
    { of: [4, 1, 3, 2], median_ms: 2, p95_ms: 4, max_ms: 4 },
    { of: Array.from({ length: 100 }, (_, at) => 100 - at), median_ms: 50, p95_ms: 95, max_ms: 100 },
  ])('takes values that were really there: $median_ms, $p95_ms, $max_ms', ({ of, ...expected }) => {
    expect(latenessOf(of.map((ms, offset) => late(offset, ms)))).toMatchObject(expected);
  });

  it('is late after an hour, and not on the hour', () => {
    expect(latenessOf([late(0, LATE_AFTER_MS), late(1, LATE_AFTER_MS + 1)])).toMatchObject({ on_time: 1, late: 1 });
  });

  it('counts apart what is dated ahead, is no event, or has no timestamp', () => {
    const ahead = late(3, -60_000);
    const noEvent = { ...late(4, 0), eventMs: undefined };
    const noTimestamp = { ...late(5, 0), timestampMs: -1 };
    expect(latenessOf([late(0, 5), ahead, noEvent, noTimestamp])).toEqual({
      ...{ records: 4, on_time: 1, late: 0, future_dated: 1, not_events: 1, no_timestamp: 1 },
      ...{ median_ms: 5, p95_ms: 5, max_ms: 5, newest_timestamp_ms: AT_MS + 4 },
      latest: { topic: 'tip.served', partition: 1, offset: 0, event_at_ms: AT_MS - 5, timestamp_ms: AT_MS, late_by_ms: 5 },
    });
    expect(latenessOf([ahead, noEvent, noTimestamp])).toMatchObject({ median_ms: null, p95_ms: null, max_ms: null, latest: null });
  });

  it('names the newest of those that came latest', () => {
    expect(latenessOf([late(0, 9), late(2, 9), late(1, 9), late(3, 8)]).latest).toMatchObject({ offset: 2, late_by_ms: 9 });
  });
});
