/** The table of lag stays inside the size that it is given, whatever is in it. */
import { describe, expect, it } from 'vitest';
import { lagTable, type LagDetail } from '../../../src/cli/output/lag-table.js';
import type { GroupLagRow } from '../../../src/log/group-lag.js';

const DETAILS: readonly LagDetail[] = ['partitions', 'topics', 'members', 'everything'];
const row = (partition: number, over: Partial<GroupLagRow> = {}): GroupLagRow => ({
  group: 'g',
  topic: 'a-long-prefix-of-topics.tip.feedback',
  partition,
  applied_offset: 8,
  committed_offset: 8,
  log_end_offset: 8,
  high_watermark: 8,
  last_stable_offset: 8,
  lag_records: 0,
  lag_seconds: 0,
  rate_in: null,
  rate_out: null,
  catch_up_seconds: 0,
  status: 'ok',
  rule: 'applied_offset = last_stable_offset = high_watermark = 8',
  reason: 'Everything in the log is applied.',
  member_id: `member-${'x'.repeat(40)}`,
  client_id: 'client',
  host: '/10.0.0.1',
  ...over,
});
const many = Array.from({ length: 60 }, (_, partition) => row(partition));
const bad = row(60, { status: 'held', lag_records: 7, lag_seconds: null, reason: 'An open transaction holds back the records.' });

describe.each(DETAILS)('%s', (detail) => {
  it.each([
    [80, 24],
    [40, 10],
    [200, 50],
    [20, 3],
  ])('inside %i by %i', (columns, rows) => {
    const notes = ['one member has no partition'];
    for (const shown of [many, [...many, bad], [bad], []]) {
      const lines = lagTable(shown, { detail, columns, rows, ...(rows > 3 ? { notes } : {}) });
      expect(lines.length).toBeLessThanOrEqual(Math.max(rows, 5));
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  it('worst first, the rest counted, and the sum last', () => {
    const lines = lagTable([...many, bad], { detail, columns: 120, rows: 23 });
    expect(lines).toHaveLength(23);
    expect(lines[1]).toMatch(/^HELD /);
    const why = detail === 'members' ? ['a-long-prefix-of-topics.tip.feedback/60: An open transaction holds back the records.'] : [];
    expect(lines.slice(-2 - why.length, -1)).toEqual([`and ${41 + why.length} more`, ...why]);
    expect(lines.at(-1)).toBe('7 records not applied, the oldest of unknown age; rows: 1 held, 60 ok');
  });

  it('all of them where no size is given', () => {
    expect(lagTable(many, { detail })).toHaveLength(62);
  });
});

it('a line of a partition is its worst topic, with the sum of all', () => {
  const lines = lagTable([row(3), { ...bad, partition: 3, topic: 'tip.served' }, row(1)], { detail: 'partitions' });
  expect(lines.slice(1, 3).map((line) => line.replace(/ +/g, ' '))).toEqual([
    'HELD 3 7 - tip.served: An open transaction holds back the records.',
    'OK 1 0 0 Everything in the log is applied.',
  ]);
});

it('a group that keeps no state here has committed or not, and what is not known is a dash', () => {
  const foreign = { applied_offset: null, status: 'warn', committed_offset: null, lag_records: null, lag_seconds: null } as const;
  const lines = lagTable([row(0, { applied_offset: null, lag_records: 2, lag_seconds: 1 }), row(1, foreign)], { detail: 'members' });
  expect(lines[1]!.replace(/ +/g, ' ')).toMatch(/^WARN …\S+tip.feedback.1 - 8 - \/10.0.0.1 member-x+$/);
  expect(lines.at(-1)).toBe('at least 2 records not committed, the oldest 1 s old; rows: 1 warn, 1 ok');
});

it('nothing in a name reaches the terminal as a code', () => {
  const lines = lagTable([row(0, { topic: 't\u001b[2J', member_id: 'm\u0007' })], { detail: 'members' });
  expect(lines.join('')).not.toMatch(/[\u0000-\u001f]/);
});
