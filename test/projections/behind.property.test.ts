/** What is behind a value, and when it next changes, against the oracle: with the events and without them, before and after the change. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { happeningsBehind, nextChanges as inSteps } from '../../src/projections/behind.js';
import { factOf, type Fact } from '../../src/projections/kept-times.js';
import { coreRegistry, createRegistry } from '../../src/projections/registry.js';
import type { IdentifiedTip } from '../../src/projections/as-of.js';
import { defineFeature, type FeatureValue } from '../../src/projections/feature.js';
import { type OracleEvent, oracleProfiles } from '../oracle/profile.js';
import { asOfMs, eventOf, timeMs, WINDOW } from '../support/tip-generators.js';
import { UserTips } from '../support/user-tips.js';

function nextChanges(...asked: Parameters<typeof inSteps>) {
  const steps = inSteps(...asked);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

const event = eventOf(fc.constant('a'));
const history = fc.array(event, { maxLength: 14 });
const moment = fc.oneof(timeMs, asOfMs);

function foldedTips(events: readonly OracleEvent[]): UserTips['tips'] {
  const user = new UserTips();
  for (const each of events) user.fold(each, 0);
  return user.tips;
}

const identified = (events: readonly OracleEvent[]): IdentifiedTip[] => [...foldedTips(events)].map(([tipId, tip]) => ({ tipId, tip }));
const valueOf = (events: readonly OracleEvent[], name: string, at: number): FeatureValue =>
  oracleProfiles(events, at).get('a')?.[name] ?? coreRegistry.emptyValues()[name]!;
const happeningOf = ({ topic, value }: OracleEvent) => (topic === 'tip.served' ? 'served' : value.action!);

function eventOfFact({ tipId, happening, atMs, kept }: Fact): OracleEvent {
  const ids = { user_id: 'a', tip_id: tipId };
  if (happening === 'served') return { topic: 'tip.served', value: { ...ids, served_at_ms: atMs, category: kept as string | null } };
  return { topic: 'tip.feedback', value: { ...ids, action: happening, reacted_at_ms: atMs, utc_offset_min: kept as number | null } };
}

describe('the kept times behind a feature', () => {
  it('give its value, and no other kept time changes it', () => {
    fc.assert(
      fc.property(history, moment, (events, at) => {
        for (const feature of coreRegistry.features) {
          const value = valueOf(events, feature.name, at);
          const facts = identified(events).flatMap(({ tipId, tip }) =>
            happeningsBehind(feature, tip, at).map((happening) => factOf(tipId, tip, happening)!),
          );
          expect(valueOf(facts.map(eventOfFact), feature.name, at)).toBe(value);
          const isBehind = (each: OracleEvent) =>
            facts.some(({ tipId, happening }) => tipId === each.value.tip_id && happening === happeningOf(each));
          for (const each of events.filter((one) => !isBehind(one))) {
            const others = events.filter((one) => one.value.tip_id !== each.value.tip_id || happeningOf(one) !== happeningOf(each));
            expect(valueOf(others, feature.name, at)).toBe(value);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are all needed: without one of them what is counted changes, unless another stands in for it', () => {
    const at = 4 * WINDOW;
    const [served, done, dismiss] = [
      { topic: 'tip.served', value: { user_id: 'a', tip_id: 't', served_at_ms: at - 100 } },
      { topic: 'tip.feedback', value: { user_id: 'a', tip_id: 't', action: 'done', reacted_at_ms: at - 50 } },
      { topic: 'tip.feedback', value: { user_id: 'a', tip_id: 't', action: 'dismiss', reacted_at_ms: at - 50 } },
    ];
    const behind = (name: string, ...events: OracleEvent[]) =>
      identified(events).flatMap(({ tip }) => happeningsBehind(coreRegistry.features.find((each) => each.name === name)!, tip, at));
    expect(behind('tip_volume_30d', served!, done!, dismiss!)).toEqual(['served']);
    expect(behind('preferred_hour', served!, done!, dismiss!)).toEqual(['done']);
    expect(behind('dismiss_rate_30d', served!, done!, dismiss!)).toEqual(['served', 'dismiss']);
    // Either of the two is the first reaction.
    expect(behind('mean_dwell_ms_30d', served!, done!, dismiss!)).toEqual(['served', 'dismiss']);
    expect(behind('mean_dwell_ms_30d', done!)).toEqual([]);
    // A reaction before the serving takes its tip out of the mean, and the later one would not have.
    const early = { topic: 'tip.feedback', value: { user_id: 'a', tip_id: 't', action: 'snooze', reacted_at_ms: at - 200 } };
    expect(behind('mean_dwell_ms_30d', served!, done!, early)).toEqual(['snooze']);
  });
});

describe('the next change', () => {
  it('is the first time with another value, and none means that there is none', () => {
    fc.assert(
      fc.property(history, moment, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }), (events, at, shares) => {
        const tips = identified(events);
        const changes = nextChanges(coreRegistry, tips, at);
        const times = events.map(({ value }) => (value.served_at_ms ?? value.reacted_at_ms)!);
        const suspects = times.flatMap((time) => [time, time + WINDOW]).filter((time) => time >= at);
        for (const { name } of coreRegistry.features) {
          const value = valueOf(events, name, at);
          const change = changes.get(name);
          const until = change === undefined ? Infinity : change.atMs - 1;
          const looked = [...suspects, ...suspects.map((time) => time + 1)].filter((time) => time <= until);
          const between = shares.map((share) => at + Math.floor(share * (Math.min(until, at + 3 * WINDOW) - at)));
          for (const time of [...looked, ...between]) expect(valueOf(events, name, time)).toBe(value);
          if (change === undefined) continue;
          expect(valueOf(events, name, change.atMs - 1)).toBe(value);
          expect(valueOf(events, name, change.atMs)).toBe(change.value);
          expect(change.value).not.toBe(value);
          expect(change.crossings.length).toBeGreaterThan(0);
          for (const { tipId, happening, atMs, way } of change.crossings) {
            expect(factOf(tipId, tips.find((one) => one.tipId === tipId)!.tip, happening)!.atMs).toBe(atMs);
            expect(atMs + (way === 'leaves' ? WINDOW : 0)).toBe(change.atMs - 1);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('follows from the counters of any feature, with a window of its own', () => {
    const DAY = 86_400_000;
    const week = defineFeature({
      name: 'served_7d',
      dtype: 'numeric',
      unit: 'tips',
      sources: ['tip.served'],
      windowMs: 7 * DAY,
      ttlMs: DAY,
      invalidatedBy: ['tip.served', 'time'],
      description: 'Tips served in the last 7 days.',
      sql: 'SELECT uid, count(*) AS value FROM tip WHERE served_at_ms >= :as_of_ms - 604800000 AND served_at_ms < :as_of_ms GROUP BY uid',
      counters: [
        {
          id: 'served_7d',
          windowMs: 7 * DAY,
          contribute(tip, at, add) {
            if (tip.servedAtMs !== null && tip.servedAtMs < at && tip.servedAtMs >= at - 7 * DAY) add('served_7d', 1);
          },
        },
      ],
      value: (read) => read.count('served_7d'),
    });
    const at = 3 * WINDOW;
    const tips = identified([{ topic: 'tip.served', value: { user_id: 'a', tip_id: 't', served_at_ms: at - DAY } }]);
    expect(happeningsBehind(week, tips[0]!.tip, at)).toEqual(['served']);
    expect(nextChanges(createRegistry([...coreRegistry.features, week]), tips, at).get('served_7d')).toEqual({
      atMs: at + 6 * DAY + 1,
      value: 0,
      crossings: [{ tipId: 't', happening: 'served', atMs: at - DAY, way: 'leaves' }],
      rows: [],
    });
    const asObject = defineFeature({
      ...week,
      name: 'served_or_not',
      dtype: 'object',
      value: (read) => ({ served: Math.min(read.count('served_7d'), 1) }),
    });
    const two = identified(
      ['t', 'u'].map((tip_id, i) => ({ topic: 'tip.served', value: { user_id: 'a', tip_id, served_at_ms: at - (i + 1) * DAY } })),
    );
    // An object is what it holds: the first serving to leave changes nothing.
    expect(nextChanges(createRegistry([...coreRegistry.features, asObject]), two, at).get('served_or_not')).toMatchObject({
      atMs: at + 6 * DAY + 1,
      value: { served: 0 },
    });
  });
});
