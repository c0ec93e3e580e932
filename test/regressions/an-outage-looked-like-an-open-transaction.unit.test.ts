/**
 * In an outage that began right after an event, its partition was called held back by an open transaction, or a state beyond the end of
 * the log: where the log ended came from one question, its high watermark from a later one, and what was applied from later still.
 */
import { expect, it } from 'vitest';
import type { LagRow } from '../../src/log/lag.js';
import { keptLagRows } from '../../src/service/kept-lag.js';

const row = (seen: Partial<LagRow>) =>
  ({ topic: 't', partition: 0, committed_offset: null, lag_seconds: 0, last_stable_offset: 0, high_watermark: 0, ...seen }) as LagRow;

async function kept(applied: number, last: readonly LagRow[], end = 0): Promise<Partial<LagRow>> {
  const rows = await keptLagRows({
    group: 'g',
    topics: ['t'],
    applied: new Map([[0, new Map([['t', applied]])]]),
    stopped: new Map(),
    running: true,
    nowMs: 1_000,
    ranges: new Map([['t', new Map([[0, { low: 0, end }]])]]),
    last,
    silentMs: 12_000,
  });
  return rows[0]!;
}

it.each([
  ['before the rows of the last answer', [row({ last_stable_offset: 1, high_watermark: 1 })]],
  ['after them', [row({})]],
  ['before anybody asked for rows', []],
])('an event that was applied %s leaves its partition waiting for the log alone', async (_, last) => {
  expect(await kept(1, last)).toMatchObject({
    status: 'warn',
    rule: 'the log has not answered for 12 s',
    lag_records: 0,
    high_watermark: 1,
  });
});

it('a transaction that was open stays open, and records that waited still wait', async () => {
  expect(await kept(1, [row({ last_stable_offset: 1, high_watermark: 3 })], 1)).toMatchObject({ status: 'held', lag_records: 2 });
  expect(await kept(1, [row({ last_stable_offset: 3, high_watermark: 3 })], 1)).toMatchObject({ lag_records: 2, last_stable_offset: 3 });
});
