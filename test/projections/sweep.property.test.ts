/** One pass over a user's tips answers every row as if it were the only one, and as the oracle does, with an index and without. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregateAt, type TipSource } from '../../src/projections/as-of.js';
import { isKnown } from '../../src/projections/aggregate.js';
import { createRegistry, coreRegistry, CORE_FEATURES } from '../../src/projections/registry.js';
import { Sweep } from '../../src/projections/sweep.js';
import { DAY_MS } from '../../src/projections/window.js';
import { oracleProfiles } from '../oracle/profile.js';
import { asOfMs, eventOf, timeMs } from '../support/tip-generators.js';
import { keptTimes, UserTips } from '../support/user-tips.js';
import { volumeOf } from '../support/volume-of.js';

const event = eventOf(fc.constant('a'));
const moment = fc.oneof(timeMs, asOfMs);
const history = fc.array(fc.tuple(event, moment), { maxLength: 24 });
/** Many, so that a sweep has to go on for a while; some of them at the boundaries themselves. */
const spine = fc.array(fc.oneof(moment, fc.record({ near: fc.nat(), by: fc.constantFrom(-1, 0, 1) })), { minLength: 1, maxLength: 40 });

function timesOf(user: UserTips, rows: readonly (number | { near: number; by: number })[]): number[] {
  const boundaries = [...user.tips.values()].flatMap(keptTimes).flatMap((at) => [at, at + 30 * DAY_MS, at + 7 * DAY_MS]);
  return rows
    .map((row) => (typeof row === 'number' ? row : Math.max(0, (boundaries[row.near % Math.max(1, boundaries.length)] ?? 0) + row.by)))
    .sort((a, b) => a - b);
}

/** As of a user with so many tips that they are not held in memory. */
const neverHeld = (user: UserTips): TipSource => ({ ...user.indexedSource(), count: 1_000_000 });

describe('a sweep', () => {
  it("equals the computation of each row by itself, and the oracle's", () => {
    fc.assert(
      fc.property(history, spine, (folds, rows) => {
        const user = new UserTips();
        for (const [each, nowMs] of folds) user.fold(each, nowMs);
        const times = timesOf(user, rows);
        const events = folds.map(([each]) => each);
        const sweeps = [
          new Sweep(coreRegistry, user.source()),
          new Sweep(coreRegistry, user.source(), user.aggregate),
          new Sweep(coreRegistry, user.indexedSource(true)),
          new Sweep(coreRegistry, user.indexedSource(true), user.aggregate),
          new Sweep(coreRegistry, neverHeld(user)),
          new Sweep(coreRegistry, neverHeld(user), user.aggregate),
        ];
        const before = user.aggregate.counters.copy();
        for (const at of times) {
          const alone = aggregateAt(coreRegistry, at, user.source());
          const profile = oracleProfiles(events, at).get('a');
          for (const sweep of sweeps) {
            const swept = sweep.at(at);
            expect(swept.counters).toEqual(alone.counters);
            expect(isKnown(swept)).toBe(profile !== undefined);
            expect(coreRegistry.values(swept)).toEqual(profile ?? coreRegistry.emptyValues());
            expect(swept.untilMs).toBeLessThanOrEqual(alone.untilMs);
          }
        }
        expect(user.aggregate.counters).toEqual(before);
      }),
      { numRuns: 600 },
    );
  });

  it('follows windows of several lengths', () => {
    const registry = createRegistry([...CORE_FEATURES, volumeOf(7), volumeOf(1)]);
    fc.assert(
      fc.property(history, spine, (folds, rows) => {
        const user = new UserTips(registry);
        for (const [each, nowMs] of folds) user.fold(each, nowMs);
        const sweeps = [
          new Sweep(registry, user.source()),
          new Sweep(registry, user.indexedSource(true)),
          new Sweep(registry, neverHeld(user)),
        ];
        for (const at of timesOf(user, rows)) {
          const alone = aggregateAt(registry, at, user.source());
          for (const sweep of sweeps) expect(sweep.at(at).counters).toEqual(alone.counters);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('what a sweep reads', () => {
  it('is each boundary once, however many rows there are, and nothing while no boundary is crossed', () => {
    const user = new UserTips();
    const tips = 400;
    for (let i = 0; i < tips; i++)
      user.fold({ topic: 'tip.served', value: { user_id: 'a', tip_id: `t${i}`, served_at_ms: i * DAY_MS } }, 0);
    const sweep = new Sweep(coreRegistry, neverHeld(user));
    const first = sweep.at(40 * DAY_MS);
    const read = user.rowsRead;
    expect(sweep.at(40 * DAY_MS)).toBe(first);
    expect(user.rowsRead).toBe(read);
    expect(() => sweep.at(39 * DAY_MS)).toThrow(RangeError);

    let reads = 0;
    const index = user.indexedSource().timeIndex!;
    const counted = new Sweep(coreRegistry, {
      ...neverHeld(user),
      timeIndex: {
        ...index,
        *tipsFrom(fromMs) {
          for (const rest = index.tipsFrom(fromMs); ; reads++) {
            const { done, value } = rest.next();
            if (done === true) return;
            yield value;
          }
        },
      },
    });
    for (let row = 0; row < 20_000; row++) counted.at(Math.floor((row * tips * DAY_MS) / 20_000));
    expect(reads).toBeLessThanOrEqual(2 * tips + 2);
  });

  it('is each tip once more, when so many were found by their times that reading all of them is cheaper', () => {
    const user = new UserTips();
    const tips = 400;
    for (let i = 0; i < tips; i++)
      user.fold({ topic: 'tip.served', value: { user_id: 'a', tip_id: `t${i}`, served_at_ms: i * DAY_MS } }, 0);
    const readFor = (lastDay: number, rows: number): number => {
      user.rowsRead = 0;
      const sweep = new Sweep(coreRegistry, user.indexedSource(true));
      for (let row = 1; row <= rows; row++) sweep.at(Math.floor((row * lastDay * DAY_MS) / rows));
      return user.rowsRead;
    };
    expect(readFor(20, 400)).toBeLessThan(30); // a few days: by the index alone
    const all = readFor(tips, 20_000);
    expect(all).toBeGreaterThanOrEqual(tips);
    expect(all).toBeLessThan(tips + tips / 4 + 10);
    expect(readFor(tips, 40_000)).toBe(all);
  });
});
