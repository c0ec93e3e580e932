import { describe, expect, it } from 'vitest';
import type { LagRow } from '../../../src/log/lag.js';
import type { StatusDocument } from '../../../src/service/application.js';
import { troublesOf, verdictOf } from '../../../src/web/state/troubles.js';
import { LAG, NOW_MS, QUALITY, STATUS, partition } from '../../support/fake-application.js';

const found = (over: Partial<StatusDocument>, lag: readonly LagRow[] = LAG) =>
  troublesOf({ ...STATUS, now_ms: 0, ...over }, lag, undefined);
const error = { code: 'log_changed', message: 'the log is another one', hint: 'Move the state away.' };

describe('troubles', () => {
  it('are none when all is well', () => {
    expect(found({})).toEqual([]);
    expect(verdictOf([])).toEqual({ tone: 'good', text: 'All is well.' });
  });

  it.each<[string, Partial<StatusDocument>, readonly LagRow[], object]>([
    [
      'a stopped partition',
      { partitions: [partition(3, { state: 'stopped', error })] },
      LAG,
      {
        severity: 'bad',
        text: 'Partition 3 stopped (log_changed): the log is another one.',
        hint: 'Move the state away.',
        link: { to: '/admin/lag', query: { partition: '3' } },
      },
    ],
    [
      'a partition that is restoring',
      { partitions: [partition(0, { state: 'restoring', lag_records: 1 })] },
      LAG,
      { severity: 'wait', text: 'Partition 0 is restoring, with 1 record to go.' },
    ],
    [
      'a silent partition',
      { partitions: [partition(0, { silent: 'its leader is gone' })] },
      LAG,
      { severity: 'bad', text: 'Nothing comes of partition 0: its leader is gone.' },
    ],
    [
      'a log that does not answer',
      { log_reachable: false, log_silent_ms: 61_000, log: 'kafka' },
      LAG,
      {
        severity: 'bad',
        text: 'The log has not answered for 1.02 min: lag is as of then.',
        hint: expect.stringContaining('brokers') as string,
      },
    ],
    [
      'a partition without an owner',
      { partitions_unowned: [2, 3] },
      LAG,
      { severity: 'bad', text: 'No member of the group tipstream was given partitions 2, 3.' },
    ],
    [
      'lag that warns',
      {},
      [{ ...LAG[0]!, status: 'warn', reason: '5 records are not applied, 9 s old' }],
      {
        severity: 'wait',
        text: 'Partition 0 of policy.control is behind.',
        hint: '5 records are not applied, 9 s old.',
        link: { query: { status: 'warn' } },
      },
    ],
    [
      'lag that stalls at several places, as one',
      {},
      LAG.slice(0, 3).map((row) => ({ ...row, status: 'stall' })),
      { severity: 'bad', text: expect.stringMatching(/^3 partitions of topics do not move/) as string },
    ],
    [
      'an input that loses events',
      { warnings: [{ topic: 'tip.served', message: 'its retention is 1 d', hint: 'Raise it.' }] },
      LAG,
      { severity: 'wait', text: 'tip.served: its retention is 1 d.', hint: 'Raise it.' },
    ],
    ['a start', { ready: false, partitions: [] }, [], { severity: 'wait', text: expect.stringContaining('starting') as string }],
  ])('%s', (_, over, lag, trouble) => {
    expect(found(over, lag)).toMatchObject([trouble]);
  });

  it('name what is wrong before what is to be watched, and a stopped partition once', () => {
    const troubles = found(
      { partitions: [partition(0, { state: 'restoring' }), partition(1, { state: 'stopped', error })] },
      LAG.map((row) => (row.partition === 1 ? { ...row, status: 'stop' as const } : row)),
    );
    expect(troubles.map(({ severity }) => severity)).toEqual(['bad', 'wait']);
    expect(verdictOf(troubles)).toEqual({ tone: 'bad', text: 'One thing is wrong.' });
  });

  it('need no lag, and nothing of the inputs', () => {
    expect(troublesOf({ ...STATUS, now_ms: 0 }, undefined, undefined)).toEqual([]);
  });

  describe('name a late producer', () => {
    const at = (now_ms: number, late: number, on_time: number) => {
      const [, feedback] = QUALITY.lateness;
      return troublesOf({ ...STATUS, now_ms }, LAG, { ...QUALITY, lateness: [{ ...feedback!, late, on_time }] });
    };

    it('with the input, how late its events come, where, and the page that shows them', () => {
      expect(troublesOf({ ...STATUS, now_ms: NOW_MS }, LAG, QUALITY)).toEqual([
        {
          severity: 'wait',
          text: 'A producer of tip.feedback is late: 120 of the newest 300 events came over 1 h late, the latest by 5 h, on partition 2.',
          hint: 'The record that came latest leads to the producer.',
          link: { to: '/admin/data-quality', text: 'Lateness by topic' },
        },
      ]);
    });

    it.each([
      ['a fifth of the events', NOW_MS, 20, 80, 1],
      ['fewer: phones are offline now and then', NOW_MS, 19, 80, 0],
      ['none', NOW_MS, 0, 0, 0],
      ['some that came within a day', NOW_MS + 86_400_000, 20, 80, 1],
      ['some that came longer ago', NOW_MS + 86_400_001, 20, 80, 0],
    ])('by its share: %s', (_, nowMs, late, onTime, troubles) => {
      expect(at(nowMs, late, onTime)).toHaveLength(troubles);
    });
  });
});
