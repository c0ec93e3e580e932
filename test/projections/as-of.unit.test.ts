/** What moving an aggregate costs: the rows that crossed an end of the window, and never more. */
import { describe, expect, it } from 'vitest';
import { isExactAt } from '../../src/projections/aggregate.js';
import { aggregateAt } from '../../src/projections/as-of.js';
import { CounterMap } from '../../src/projections/counters/counters.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { WINDOW_MS } from '../../src/projections/window.js';
import { UserTips } from '../support/user-tips.js';

const START = 1_700_000_000_000;
const SPACING = 60_000;

/** One serving a minute. */
function userWith(tips: number): UserTips {
  const user = new UserTips();
  const latest = START + tips * SPACING;
  for (let i = 0; i < tips; i++)
    user.fold({ topic: 'tip.served', value: { user_id: 'u', tip_id: `t${i}`, served_at_ms: START + i * SPACING } }, latest);
  return user;
}

describe('a user with very many tips', () => {
  const user = userWith(100_000);
  const nowMs = START + 100_000 * SPACING;
  const at = (asOfMs: number, from = user.aggregate) => {
    user.rowsRead = 0;
    const aggregate = aggregateAt(coreRegistry, asOfMs, user.indexedSource(), from);
    return { rows: user.rowsRead, volume: coreRegistry.values(aggregate).tip_volume_30d, aggregate };
  };

  it('is read at the crossed rows only, forwards', () => {
    expect(isExactAt(user.aggregate, nowMs)).toBe(true);
    expect(at(nowMs + 10 * SPACING)).toMatchObject({ rows: 10, volume: 43_190 });
  });

  it('is read at the crossed rows only, backwards', () => {
    expect(at(nowMs - 10 * SPACING)).toMatchObject({ rows: 20, volume: 43_200 });
  });

  it('is read at the rows of the window when it shares nothing with the old one', () => {
    expect(at(nowMs - 45_000 * SPACING)).toMatchObject({ rows: 43_200, volume: 43_200 });
    expect(at(START + 5 * SPACING + 1)).toMatchObject({ rows: 6, volume: 6 });
  });

  it('is read at the rows of the window when there is nothing to start from', () => {
    user.rowsRead = 0;
    aggregateAt(coreRegistry, nowMs + WINDOW_MS - 3 * SPACING, user.indexedSource());
    expect(user.rowsRead).toBe(3);
  });

  it('starts moving from the near end of the interval', () => {
    const { aggregate } = at(nowMs + WINDOW_MS * 2);
    expect(aggregate).toEqual({ afterMs: nowMs - SPACING + WINDOW_MS, untilMs: Number.MAX_SAFE_INTEGER, counters: new CounterMap() });
    expect(at(aggregate.afterMs, aggregate)).toMatchObject({ rows: 1, volume: 1 });
  });
});

describe('moving', () => {
  it('leaves where it came from as it was, and returns it when it is exact already', () => {
    const user = userWith(3);
    const stored = { ...user.aggregate, counters: user.aggregate.counters.copy() };
    aggregateAt(coreRegistry, START + 1, user.indexedSource(), user.aggregate);
    aggregateAt(coreRegistry, START + 1, user.source(), user.aggregate);
    expect(user.aggregate).toEqual(stored);
    expect(aggregateAt(coreRegistry, user.aggregate.untilMs, user.source(), user.aggregate)).toBe(user.aggregate);
  });
});
