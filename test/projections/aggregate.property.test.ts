/** Whatever comes in whatever order, and whatever time is asked about: folding and moving equal the oracle, bit for bit. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Aggregate, isExactAt, isKnown } from '../../src/projections/aggregate.js';
import { aggregateAt } from '../../src/projections/as-of.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { type OracleEvent, oracleProfiles } from '../oracle/profile.js';
import { asOfMs, eventOf, timeMs } from '../support/tip-generators.js';
import { UserTips } from '../support/user-tips.js';

const event = eventOf(fc.constant('a'));
const moment = fc.oneof(timeMs, asOfMs);

function expectOracle(aggregate: Aggregate, events: readonly OracleEvent[], at: number): void {
  const profile = oracleProfiles(events, at).get('a');
  expect(isKnown(aggregate)).toBe(profile !== undefined);
  expect(coreRegistry.values(aggregate)).toEqual(profile ?? coreRegistry.emptyValues());
  for (const [, count] of aggregate.counters) expect(count).toBeGreaterThan(0);
}

/** The oracle agrees at both ends of the interval too, so the interval promises nothing false. */
function expectExactInterval(aggregate: Aggregate, events: readonly OracleEvent[]): void {
  expect(aggregate.afterMs).toBeLessThan(aggregate.untilMs);
  expectOracle(aggregate, events, aggregate.afterMs + 1);
  expectOracle(aggregate, events, Math.min(aggregate.untilMs, Number.MAX_SAFE_INTEGER));
}

describe('folding', () => {
  it('gives the same tips for any order, with any repeats', () => {
    const shuffled = fc.array(event, { maxLength: 12 }).chain((events) =>
      fc.record({
        events: fc.constant(events),
        again: fc.shuffledSubarray([...events, ...events], { minLength: 0 }),
        order: fc.shuffledSubarray(events, { minLength: events.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ events, again, order }) => {
        const [once, twice] = [new UserTips(), new UserTips()];
        for (const each of events) once.fold(each, 0);
        for (const each of [...again, ...order]) twice.fold(each, 0);
        expect(Object.fromEntries(twice.tips)).toEqual(Object.fromEntries(once.tips));
      }),
      { numRuns: 400 },
    );
  });

  it('keeps an aggregate that is exact over its whole interval, whatever the clock says at each event', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(event, moment), { maxLength: 12 }), (folds) => {
        const user = new UserTips();
        const seen: OracleEvent[] = [];
        for (const [each, nowMs] of folds) {
          const inside = isExactAt(user.aggregate, nowMs);
          user.fold(each, nowMs);
          seen.push(each);
          if (inside) expect(isExactAt(user.aggregate, nowMs)).toBe(true);
        }
        expectExactInterval(user.aggregate, seen);
      }),
      { numRuns: 400 },
    );
  });
});

describe('asking about a time', () => {
  it('gives one answer from all tips, from the window and by moving, with the widest interval', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(event, moment), { maxLength: 12 }),
        fc.array(moment, { minLength: 1, maxLength: 6 }),
        (folds, times) => {
          const user = new UserTips();
          for (const [each, nowMs] of folds) user.fold(each, nowMs);
          const events = folds.map(([each]) => each);
          const before = user.aggregate.counters.encode();
          for (const at of times) {
            const whole = aggregateAt(coreRegistry, at, user.source());
            expectOracle(whole, events, at);
            expectExactInterval(whole, events);
            const ends = [whole.afterMs, whole.untilMs].filter((end) => end >= 0 && end < Number.MAX_SAFE_INTEGER);
            const boundaries = [...user.tips.values()]
              .flatMap((tip) => [tip.servedAtMs, tip.doneAtMs, tip.dismissAtMs, tip.snoozeAtMs])
              .filter((time) => time !== null);
            for (const end of ends) expect(boundaries.some((time) => time === end || time + 30 * 86_400_000 === end)).toBe(true);

            expect(aggregateAt(coreRegistry, at, user.indexedSource())).toEqual(whole);
            const moved = aggregateAt(coreRegistry, at, user.indexedSource(), user.aggregate);
            if (isExactAt(user.aggregate, at)) expect(moved).toBe(user.aggregate);
            else expect(moved).toEqual(whole);
            expect(moved.counters).toEqual(whole.counters);
          }
          expect(user.aggregate.counters.encode()).toBe(before);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('follows any sequence of events and moves, each from where the last one ended', () => {
    const action = fc.oneof(
      fc.record({ fold: event, at: moment }),
      fc.record({ fold: fc.constant(undefined), at: moment, indexed: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 20 }), (actions) => {
        const user = new UserTips();
        const seen: OracleEvent[] = [];
        for (const each of actions) {
          if (each.fold !== undefined) {
            user.fold(each.fold, each.at);
            seen.push(each.fold);
          } else {
            user.aggregate = aggregateAt(coreRegistry, each.at, each.indexed ? user.indexedSource() : user.source(), user.aggregate);
            expect(isExactAt(user.aggregate, each.at)).toBe(true);
            expectOracle(user.aggregate, seen, each.at);
          }
        }
        expectExactInterval(user.aggregate, seen);
      }),
      { numRuns: 500 },
    );
  });
});
