/**
 * Which rows are behind a feature of rows, and when it next changes, against the oracle of sessions and signals, and for features of a file
 * against the naive reading that verify has.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { countsRow, nextChanges, type NextChange } from '../../../src/projections/behind.js';
import type { FeatureValue } from '../../../src/projections/feature.js';
import { isSameValue } from '../../../src/projections/object-value.js';
import type { UserRows } from '../../../src/projections/kept/user-rows.js';
import { registryOf, type Registry } from '../../../src/projections/registry.js';
import { newestOf } from '../../../src/projections/row-counts.js';
import { keyOf, type Row } from '../../../src/projections/row-kind.js';
import { naiveDefined, type NaiveEvent } from '../../../src/verify/defined/naive-defined.js';
import { oracleActivity, type ActivityEvent } from '../../oracle/activity.js';
import { activityOf } from '../../support/activity-events.js';
import { definition, eventOf } from '../../support/definition-arbitrary.js';
import { asOfMs, timeMs, WINDOW } from '../../support/tip-generators.js';

const activity = registryOf({ sets: ['core', 'activity'] });
const names = Object.keys(oracleActivity([], 'a', 0));
const moment = fc.oneof(timeMs, asOfMs);
const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 });

function changesOf(registry: Registry, at: number, rows: UserRows): Map<string, NextChange> {
  const steps = nextChanges(registry, [], at, rows);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function rowsOf(registry: Registry, events: readonly { readonly topic: string; readonly value: object }[]): UserRows {
  return new Map(
    registry.kinds.map(({ kind }) => {
      const kept = new Map<string, Row>();
      for (const { value } of events.filter(({ topic }) => (kind.topics as readonly string[]).includes(topic))) {
        const row = kind.rowOf(value as Row)!;
        const before = kept.get(keyOf(kind, row));
        kept.set(keyOf(kind, row), before === undefined ? row : kind.join(before, row));
      }
      return [kind.name, [...kept.values()]];
    }),
  );
}

/** The value is the present one until the change, another from it on; and what is said to cross does so at that time. */
function expectNext(
  change: NextChange | undefined,
  at: number,
  valueAt: (ms: number) => FeatureValue,
  suspects: number[],
  parts: number[],
) {
  const value = valueAt(at);
  const until = change === undefined ? Infinity : change.atMs - 1;
  const looked = suspects.flatMap((time) => [time, time + 1]).filter((time) => time >= at && time <= until);
  const between = parts.map((share) => at + Math.floor(share * (Math.min(until, at + 3 * WINDOW) - at)));
  for (const time of [...looked, ...between]) expect(valueAt(time)).toEqual(value);
  if (change === undefined) return;
  expect(valueAt(change.atMs - 1)).toEqual(value);
  expect(valueAt(change.atMs)).toEqual(change.value);
  expect(isSameValue(change.value, value)).toBe(false);
}

it('sessions and signals: the next change is the first time with another value, and none means that there is none', () => {
  let [crossed, aged] = [0, 0];
  fc.assert(
    fc.property(fc.array(activityOf(fc.constant('a')), { maxLength: 12 }), moment, shares, (events, at, parts) => {
      const changes = changesOf(activity, at, rowsOf(activity, events));
      const times = events.flatMap(({ value }) =>
        Object.values(value).filter((one): one is number => typeof one === 'number' && one > 1_000),
      );
      for (const name of names) {
        const change = changes.get(name);
        expectNext(change, at, (ms) => oracleActivity(events, 'a', ms)[name]!, [...times, ...times.map((ms) => ms + WINDOW)], parts);
        if (change === undefined) continue;
        if (change.rows.length === 0) {
          // Only an age goes with time itself.
          expect(name).toMatch(/^signal_age_ms/);
          aged++;
        }
        for (const { atMs, way } of change.rows) {
          expect(atMs + (way === 'leaves' ? WINDOW : 0)).toBe(change.atMs - 1);
          crossed++;
        }
      }
    }),
    { numRuns: 300 },
  );
  expect([crossed > 100, aged > 50]).toEqual([true, true]);
});

it('sessions and signals: the rows behind a feature give its value', () => {
  fc.assert(
    fc.property(fc.array(activityOf(fc.constant('a')), { maxLength: 12 }), moment, (events, at) => {
      const rows = rowsOf(activity, events);
      for (const { name, counters } of activity.features.filter((feature) => names.includes(feature.name))) {
        const { kind } = activity.kinds.find((set) => counters.some(({ of }) => of === set.kind))!;
        const all = rows.get(kind.name)!;
        const behind = [...(kind.newestOf === undefined ? all : newestOf(kind, all, at))].filter((row) =>
          countsRow({ counters, windowMs: null }, kind, row, at),
        );
        const topic = kind.topics[0] as ActivityEvent['topic'];
        const alone = behind.map((row) => ({ topic, value: { user_id: 'a', ...row } }) as unknown as ActivityEvent);
        expect(oracleActivity(alone, 'a', at)[name]).toEqual(oracleActivity(events, 'a', at)[name]);
      }
    }),
    { numRuns: 200 },
  );
});

it('features of a file: the next change is the first time with another value', () => {
  let changed = 0;
  fc.assert(
    fc.property(
      definition.chain((one) => fc.tuple(fc.constant(one), fc.array(eventOf(one.topic), { maxLength: 10 }))),
      moment,
      shares,
      ([one, events], at, parts) => {
        const registry = registryOf({ sets: ['core'], definitions: [one] });
        const written = events as NaiveEvent[];
        const change = changesOf(
          registry,
          at,
          rowsOf(
            registry,
            written.map((value) => ({ topic: one.topic, value })),
          ),
        ).get(one.name);
        const times = written.flatMap((value) =>
          Object.entries(value).flatMap(([name, ms]) => (name.endsWith('_at_ms') ? [ms as number] : [])),
        );
        expectNext(change, at, (ms) => naiveDefined(one, written, ms), [...times, ...times.map((ms) => ms + one.windowMs)], parts);
        if (change !== undefined) changed++;
        if (change !== undefined) expect(change.rows.length).toBeGreaterThan(0);
      },
    ),
    { numRuns: 200 },
  );
  expect(changed).toBeGreaterThan(30);
});
