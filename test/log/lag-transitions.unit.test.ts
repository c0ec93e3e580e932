/** From each status to each other one: what was seen before changes no verdict but that of a partition which stands still. */
import { describe, expect, it } from 'vitest';
import { lagRow, LAG_STATUSES, NOT_RUNNING, type LagFacts, type LagStatus, type OffsetsSeen } from '../../src/log/lag.js';

const T0 = 1_800_000_000_000;

/** What is seen of a partition, from a time and an offset on, and what the last look says. */
interface Scene {
  readonly looks: readonly OffsetsSeen[];
  readonly facts: Pick<LagFacts, 'oldestMs'> & Partial<LagFacts>;
  readonly rule: string;
}

const look = (atMs: number, applied: number | null, end: number, over: Partial<OffsetsSeen> = {}): OffsetsSeen => ({
  atMs,
  applied,
  committed: applied,
  low: 0,
  lastStable: end,
  highWatermark: end,
  ...over,
});

const SCENES: Readonly<Record<LagStatus, (atMs: number, base: number) => Scene>> = {
  ok: (at, base) => ({
    looks: [look(at, base, base)],
    facts: { oldestMs: null },
    rule: `applied_offset = last_stable_offset = high_watermark = ${base}`,
  }),
  warn: (at, base) => ({ looks: [look(at, base, base + 2)], facts: { oldestMs: at - 6_000 }, rule: 'lag_seconds 6 > 5' }),
  held: (at, base) => ({
    looks: [look(at, base, base, { highWatermark: base + 3 })],
    facts: { oldestMs: null },
    rule: `last_stable_offset ${base} < high_watermark ${base + 3}`,
  }),
  stall: (at, base) => ({
    looks: [look(at, base, base + 2), look(at + 30_000, base, base + 4)],
    facts: { oldestMs: at },
    rule: `lag_records 4 > 0 and applied_offset ${base} for 30 s`,
  }),
  unassigned: (at, base) => ({ looks: [look(at, null, base)], facts: { oldestMs: null }, rule: 'applied_offset is null' }),
  rewind: (at, base) => ({
    looks: [look(at, base, base - 1)],
    facts: { oldestMs: null },
    rule: `applied_offset ${base} > high_watermark ${base - 1}`,
  }),
  stop: (at, base) => ({
    looks: [look(at, base, base + 5, { low: base + 2 })],
    facts: { oldestMs: at },
    rule: `applied_offset ${base} < low_offset ${base + 2}`,
  }),
};

function judge(looks: readonly OffsetsSeen[], facts: Scene['facts']) {
  const seen = looks as unknown as LagFacts['seen'];
  return lagRow({ nowMs: looks.at(-1)!.atMs, group: 'g', topic: 't', partition: 0, seen, running: true, ...facts });
}

describe.each(LAG_STATUSES.flatMap((from) => LAG_STATUSES.map((to) => [from, to] as const)))('from %s to %s', (from, to) => {
  it('each is given by its own rule', () => {
    const before = SCENES[from](T0, 100);
    expect(judge(before.looks, before.facts)).toMatchObject({ status: from, rule: before.rule });
    const after = SCENES[to](before.looks.at(-1)!.atMs + 10_000, 110);
    expect(judge([...before.looks, ...after.looks], after.facts)).toMatchObject({ status: to, rule: after.rule });
  });
});

/** [what happens, [seconds, applied, last stable offset, high watermark][], the time of the oldest record, what is said then] */
const HISTORIES: readonly (readonly [string, readonly (readonly [number, number | null, number, number])[], number | null, LagStatus])[] = [
  [
    'nothing is applied for 29.999 s',
    [
      [0, 8, 9, 9],
      [29.999, 8, 9, 9],
    ],
    0,
    'warn',
  ],
  [
    'nothing is applied for 30 s',
    [
      [0, 8, 9, 9],
      [30, 8, 9, 9],
    ],
    0,
    'stall',
  ],
  [
    'one record is applied in 30 s',
    [
      [0, 8, 20, 20],
      [15, 9, 20, 20],
      [30, 9, 20, 20],
    ],
    0,
    'warn',
  ],
  [
    'a stall ends with one record',
    [
      [0, 8, 20, 20],
      [40, 8, 20, 20],
      [41, 9, 20, 20],
    ],
    0,
    'warn',
  ],
  [
    'a stall ends with everything',
    [
      [0, 8, 20, 20],
      [40, 8, 20, 20],
      [41, 20, 20, 20],
    ],
    null,
    'ok',
  ],
  [
    'records come after a minute of none',
    [
      [0, 8, 8, 8],
      [59, 8, 8, 8],
      [60, 8, 9, 9],
    ],
    60,
    'ok',
  ],
  [
    'and wait for 30 s',
    [
      [0, 8, 8, 8],
      [60, 8, 9, 9],
      [90, 8, 9, 9],
    ],
    60,
    'stall',
  ],
  [
    'a transaction is open for a minute',
    [
      [0, 8, 8, 12],
      [60, 8, 8, 12],
    ],
    null,
    'held',
  ],
  [
    'it ends: its records are old at once',
    [
      [0, 8, 8, 12],
      [60, 8, 8, 12],
      [61, 8, 13, 13],
    ],
    0,
    'warn',
  ],
  [
    'they are not applied for 30 s',
    [
      [0, 8, 8, 12],
      [60, 8, 13, 13],
      [90, 8, 13, 13],
    ],
    0,
    'stall',
  ],
  [
    'what precedes a transaction waits for long',
    [
      [0, 8, 8, 8],
      [10, 8, 9, 12],
    ],
    0,
    'warn',
  ],
  [
    'what precedes a transaction is young',
    [
      [0, 8, 8, 8],
      [10, 8, 9, 12],
    ],
    9,
    'held',
  ],
  [
    'the state is given up and taken again',
    [
      [0, 8, 9, 9],
      [20, null, 9, 9],
      [40, 8, 9, 9],
    ],
    0,
    'warn',
  ],
];

it.each(HISTORIES)('%s: the last look gives what it should', (_, looks, oldest, status) => {
  const seen = looks.map(([seconds, applied, stable, high]) => look(T0 + seconds * 1_000, applied, stable, { highWatermark: high }));
  expect(judge(seen, { oldestMs: oldest === null ? null : T0 + oldest * 1_000 }).status).toBe(status);
});

it.each([
  ['what stopped it', { stopped: 'the disk is full' }, 'the partition stopped'],
  ['nobody works on it', { running: false }, NOT_RUNNING],
])('of several reasons to stop, the first is said: %s', (_, facts, rule) => {
  for (const [status, scene] of Object.entries(SCENES)) {
    const { looks, facts: own } = scene(T0, 100);
    const row = judge(looks, { ...own, ...facts });
    // Where there is no state, or it fits no log, starting it would not help.
    if ('running' in facts && ['unassigned', 'rewind', 'stop'].includes(status)) expect(row.status).toBe(status);
    else expect(row).toMatchObject({ status: 'stop', rule });
  }
});

it('silence is a stall with a rule of its own, and none where nothing can be read', () => {
  const silent = 'no answer since 10:00';
  expect(judge([look(T0, 8, 10)], { oldestMs: T0, silent })).toMatchObject({
    status: 'stall',
    rule: 'applied_offset 8 < last_stable_offset 10 and nothing comes',
    reason: '2 records are not applied. no answer since 10:00',
  });
  expect(judge([look(T0, 8, 8)], { oldestMs: null, silent }).status).toBe('ok');
  expect(judge([look(T0, 8, 8, { highWatermark: 9 })], { oldestMs: null, silent }).status).toBe('held');
});

it('markers that are left are no records that wait', () => {
  const looks = [look(T0, 8, 9), look(T0 + 60_000, 8, 9)];
  expect(judge(looks, { oldestMs: null, onlyMarkers: true })).toMatchObject({ status: 'ok', lag_records: 1, lag_seconds: 0 });
  const behind = looks.map((one) => ({ ...one, highWatermark: 12 }));
  expect(judge(behind, { oldestMs: null, onlyMarkers: true })).toMatchObject({ status: 'held', lag_records: 4, lag_seconds: null });
  expect(judge(behind, { oldestMs: T0, onlyMarkers: true })).toMatchObject({
    status: 'held',
    lag_seconds: 60,
    reason: 'An open transaction holds back the records from offset 9 on (3, the first for 60 s).',
  });
});

describe('what another member has left behind', () => {
  const moved = [look(T0, 8, 20, { committed: 9 }), look(T0 + 1, 8, 20, { committed: 12 })];
  const shared = { oldestMs: T0 - 60_000, isShared: true };
  it('is not assigned here, and waits from where the group is', () => {
    expect(judge(moved, shared)).toMatchObject({
      status: 'unassigned',
      rule: 'committed_offset 12 > applied_offset 8',
      lag_records: 8,
      lag_seconds: null,
      catch_up_seconds: null,
    });
  });
  it.each([
    ['one look alone proves nothing', moved.slice(1), shared, 'warn'],
    ['nor does one that the state has reached since', [moved[0]!, look(T0 + 1, 12, 20, { committed: 12 })], shared, 'warn'],
    ['who holds the partition knows better', moved, { ...shared, isShared: false }, 'warn'],
    ['nothing runs', moved, { ...shared, running: false }, 'stop'],
    ['it stopped', moved, { ...shared, stopped: 'why' }, 'stop'],
  ])('%s', (_, looks, facts, status) => expect(judge(looks, facts).status).toBe(status));
});

it('a prediction says what it takes for granted', () => {
  const seen = [look(T0, 0, 100), look(T0 + 10_000, 60, 120)];
  expect(judge(seen, { oldestMs: T0 + 9_000 })).toMatchObject({
    rate_in: 2,
    rate_out: 6,
    catch_up_seconds: 15,
    reason: '60 records are not applied yet, the oldest 1 s old. Caught up in 15 s if the rates stay: 6 out and 2 in a second.',
  });
});

describe('a group that keeps no state here is judged by what it committed', () => {
  const group = (seen: OffsetsSeen, facts: Partial<LagFacts> = {}) => judge([seen], { oldestMs: null, by: 'committed', ...facts });
  const nobody = { status: 'stop', rule: 'the group has no members', reason: 'Nobody reads it.' } as const;
  it.each([
    ['all', group(look(T0, 8, 8)), 'ok', 'committed_offset = last_stable_offset = high_watermark = 8'],
    ['some', group(look(T0, 6, 8), { oldestMs: T0 - 9_000 }), 'warn', 'lag_seconds 9 > 5'],
    ['a transaction', group(look(T0, 8, 8, { highWatermark: 9 })), 'held', 'last_stable_offset 8 < high_watermark 9'],
    ['more than there is', group(look(T0, 9, 8)), 'rewind', 'committed_offset 9 > high_watermark 8'],
    ['what was deleted', group(look(T0, 3, 8, { low: 5 })), 'stop', 'committed_offset 3 < low_offset 5'],
    ['by nobody', group(look(T0, 8, 8), { unread: nobody }), 'stop', 'the group has no members'],
    ['nothing', group(look(T0, null, 8)), 'warn', 'committed_offset is null'],
    ['nothing of nothing', group(look(T0, null, 8, { low: 8 })), 'ok', 'low_offset = high_watermark = 8'],
  ])('%s', (_, row, status, rule) => expect(row).toMatchObject({ status, rule, applied_offset: null }));
});
