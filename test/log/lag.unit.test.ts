/** The rule that gives each status, and from one to the next. */
import { expect, it } from 'vitest';
import { lagRow, type LagFacts, type OffsetsSeen } from '../../src/log/lag.js';

const NOW = 1_800_000_000_000;
const seen = (over: Partial<OffsetsSeen> = {}): OffsetsSeen => ({
  atMs: NOW,
  applied: 8,
  committed: 8,
  low: 0,
  lastStable: 8,
  highWatermark: 8,
  ...over,
});
const row = (over: Partial<OffsetsSeen> = {}, facts: Partial<LagFacts> = {}) =>
  lagRow({ nowMs: NOW, group: 'g', topic: 't', partition: 0, seen: [seen(over)], oldestMs: null, running: true, ...facts });

it.each([
  [
    'all is applied',
    row(),
    { status: 'ok', lag_records: 0, lag_seconds: 0, rule: 'applied_offset = last_stable_offset = high_watermark = 8' },
  ],
  [
    'what waits is young',
    row({ applied: 6 }, { oldestMs: NOW - 5_000 }),
    { status: 'ok', lag_records: 2, lag_seconds: 5, rule: 'lag_seconds 5 <= 5 (lag_records 2)' },
  ],
  [
    'what waits is old',
    row({ applied: 6 }, { oldestMs: NOW - 5_001 }),
    { status: 'warn', lag_seconds: 5.001, rule: 'lag_seconds 5.001 > 5' },
  ],
  [
    'a timestamp of -1 is none',
    row({ applied: 6 }, { oldestMs: -1 }),
    { status: 'warn', lag_records: 2, lag_seconds: null, rule: 'lag_records 2 > 0 and lag_seconds is null' },
  ],
  [
    'records were deleted before they were applied',
    row({ applied: 3, low: 5 }),
    {
      status: 'stop',
      lag_records: 5,
      rule: 'applied_offset 3 < low_offset 5',
      reason: expect.stringContaining('offsets 3 to 4') as string,
    },
  ],
  ['all of them were', row({ applied: 3, low: 8 }), { status: 'stop', lag_records: 5, rule: 'applied_offset 3 < low_offset 8' }],
  [
    'the state is beyond the log',
    row({ applied: 7, lastStable: 0, highWatermark: 0 }),
    { status: 'rewind', lag_records: 0, lag_seconds: null, catch_up_seconds: null, rule: 'applied_offset 7 > high_watermark 0' },
  ],
  [
    'a transaction is open',
    row({ applied: 8, highWatermark: 509 }),
    { status: 'held', lag_records: 501, lag_seconds: null, rule: 'last_stable_offset 8 < high_watermark 509' },
  ],
  ['no state is here', row({ applied: null, committed: 5 }), { status: 'unassigned', lag_records: 3, applied_offset: null }],
  ['nothing runs', row({}, { running: false }), { status: 'stop', lag_records: 0, rule: 'no process runs workers on this data directory' }],
  ['it stopped', row({}, { stopped: 'the disk is full' }), { status: 'stop', reason: 'the disk is full' }],
  [
    'nothing comes',
    row({ applied: 6 }, { silent: 'no answer since 10:00' }),
    { status: 'stall', reason: expect.stringContaining('since') as string, rule: expect.stringContaining('nothing comes') as string },
  ],
])('%s', (_, found, expected) => {
  expect(found).toMatchObject(expected);
});

it('stalls when nothing was applied for 30 s though records waited, and goes on when something is', () => {
  const at = (seconds: number, applied: number, end = 20) =>
    seen({ atMs: NOW - 60_000 + seconds * 1000, applied, lastStable: end, highWatermark: end });
  const judge = (...looks: [OffsetsSeen, ...OffsetsSeen[]]) =>
    row({}, { seen: looks as never, nowMs: looks.at(-1)!.atMs, oldestMs: NOW - 60_000 });
  expect(judge(at(0, 8), at(15, 8), at(29, 8)).status).toBe('warn');
  expect(judge(at(0, 8), at(15, 8), at(30, 8))).toMatchObject({
    status: 'stall',
    rule: 'lag_records 12 > 0 and applied_offset 8 for 30 s',
  });
  expect(judge(at(0, 8), at(15, 9), at(30, 9)).status).toBe('warn');
  expect(judge(at(0, 8, 8), at(15, 8), at(30, 8)).status).toBe('warn'); // nothing waited at first
});

it('says rates and when all will be applied, if they stay', () => {
  const first = seen({ atMs: NOW - 10_000, applied: 0, lastStable: 100, highWatermark: 100 });
  const last = seen({ applied: 60, lastStable: 120, highWatermark: 120 });
  expect(row({}, { seen: [first, last], oldestMs: NOW })).toMatchObject({ rate_in: 2, rate_out: 6, catch_up_seconds: 15 });
  expect(row()).toMatchObject({ rate_in: null, rate_out: null, catch_up_seconds: 0 });
  expect(row({ applied: 1 })).toMatchObject({ catch_up_seconds: null });
});
