/** A feature of one's own: what it takes, what is refused, and that it is folded like the built-in ones. */
import { describe, expect, it } from 'vitest';
import { createAggregate } from '../../src/projections/aggregate.js';
import { aggregateAt } from '../../src/projections/as-of.js';
import type { CounterFamily } from '../../src/projections/counter.js';
import { defineFeature, type FeatureSource } from '../../src/projections/feature.js';
import { createRegistry, coreRegistry } from '../../src/projections/registry.js';
import { userProfileFeaturesView } from '../../src/projections/sql.js';
import { isInWindow } from '../../src/projections/window.js';
import { insertUser, openTables } from '../support/sql-tables.js';
import { UserTips } from '../support/user-tips.js';

const WEEK = 7 * 86_400_000;
const snoozedThisWeek: CounterFamily = {
  id: 'snoozed_7d',
  windowMs: WEEK,
  contribute(tip, asOfMs, add) {
    if (isInWindow(tip.snoozeAtMs, asOfMs, WEEK)) add('snoozed_7d', 1);
  },
};
const source: FeatureSource = {
  name: 'snoozed_7d',
  dtype: 'numeric',
  unit: 'tips',
  sources: ['tip.feedback'],
  windowMs: WEEK,
  ttlMs: 1000,
  invalidatedBy: ['tip.feedback', 'time'],
  description: 'Tips snoozed in the last 7 days.',
  sql: `SELECT uid, count(*) AS value FROM tip WHERE snooze_at_ms >= :as_of_ms - ${WEEK} AND snooze_at_ms < :as_of_ms GROUP BY uid`,
  counters: [snoozedThisWeek],
  value: (read) => read.count('snoozed_7d'),
};
const family = (changes: Partial<CounterFamily>): CounterFamily => ({ ...snoozedThisWeek, ...changes });

describe('the core registry', () => {
  it('holds the eight features in the order of their names', () => {
    expect(coreRegistry.names).toEqual([
      'completion_rate_30d',
      'dismiss_rate_30d',
      'mean_dwell_ms_30d',
      'preferred_category',
      'preferred_hour',
      'preferred_weekday',
      'snooze_rate_30d',
      'tip_volume_30d',
    ]);
    expect(Object.keys(coreRegistry.values(createAggregate()))).toEqual(coreRegistry.names);
    expect(Object.entries(coreRegistry.emptyValues())).toEqual(
      coreRegistry.names.map((name) => [name, name === 'tip_volume_30d' ? 0 : null]),
    );
  });

  it('counts what several features share once', () => {
    expect(coreRegistry.counters.map((each) => each.id).sort()).toEqual([
      'dismiss',
      'done',
      'done_category',
      'done_hour',
      'done_weekday',
      'dwell',
      'known',
      'served',
      'snooze',
    ]);
  });

  it('has the feature set that stored states carry: a change of meaning must change it, nothing else may', () => {
    expect(coreRegistry.featureSet).toBe('9de70b0b33d7a588');
  });
});

describe('the feature set', () => {
  const featureSet = (changes: Partial<FeatureSource>) => createRegistry([defineFeature({ ...source, ...changes })]).featureSet;
  const original = featureSet({});

  it.each<[string, Partial<FeatureSource>]>([
    ['the name', { name: 'other' }],
    ['the unit', { unit: 'snoozes' }],
    ['the SQL', { sql: `${source.sql} HAVING true` }],
    ['the counters', { counters: [family({ id: 'other', contribute: () => undefined })] }],
    ['the sources', { sources: ['tip.served'] }],
  ])('changes with %s', (_, changes) => expect(featureSet(changes)).not.toBe(original));

  it('stays when only words, layout or order change', () => {
    expect(featureSet({ description: 'Other words.', ttlMs: 5, sql: source.sql.replaceAll(' ', '\n  ') })).toBe(original);
    expect(createRegistry([...coreRegistry.features].reverse()).featureSet).toBe(coreRegistry.featureSet);
  });
});

describe("a feature of one's own", () => {
  const registry = createRegistry([...coreRegistry.features, defineFeature(source)]);
  const at = 100 * WEEK;
  const user = new UserTips(registry);
  for (const [tip_id, reacted_at_ms] of [
    ['a', at - 1],
    ['b', at - WEEK],
    ['c', at - WEEK - 1],
  ] as const) {
    user.fold({ topic: 'tip.feedback', value: { user_id: 'u', tip_id, action: 'snooze', reacted_at_ms } }, at);
  }

  it('is folded over its own window', () => {
    expect(registry.windowsMs).toEqual([WEEK, 30 * 86_400_000]);
    expect(user.aggregate).toMatchObject({ afterMs: at - 1, untilMs: at });
    expect(registry.values(user.aggregate).snoozed_7d).toBe(2);
    for (const tips of [user.source(), user.indexedSource()]) {
      expect(
        [at - WEEK, at - 1, at + 1, at + WEEK - 1, at + WEEK].map(
          (asOf) => registry.values(aggregateAt(registry, asOf, tips, user.aggregate)).snoozed_7d,
        ),
      ).toEqual([1, 2, 1, 1, 0]);
    }
  });

  it('has its rows in the view', () => {
    const database = openTables();
    insertUser(database, 1, 'u', user, 7);
    database.exec(userProfileFeaturesView(registry, String(at)));
    expect(database.prepare("SELECT * FROM user_profile_features WHERE name = 'snoozed_7d'").all()).toEqual([
      { user_id: 'u', name: 'snoozed_7d', value: 2, value_text: null, updated_at: 7 },
    ]);
  });

  it('is in the profile', () => {
    expect(registry.values(user.aggregate)).toMatchObject({ snoozed_7d: 2, tip_volume_30d: 0 });
  });
});

describe('what is refused', () => {
  it.each<[string, Partial<FeatureSource>, RegExp]>([
    ['a name with capitals', { name: 'Snoozed' }, /its name must be/],
    ['an unknown dtype', { dtype: 'text' as 'numeric' }, /dtype/],
    ['no unit', { unit: '' }, /no unit/],
    ['no description', { description: '' }, /no description/],
    ['no source', { sources: [] }, /no source topic/],
    ['a source that is no topic', { sources: ['tip.seen' as 'tip.served'] }, /"tip\.seen" is not a topic/],
    [
      'a window that pruning would cut',
      { windowMs: 31 * 86_400_000, counters: [family({ windowMs: 31 * 86_400_000 })] },
      /its window must be/,
    ],
    ['a window of half a millisecond', { windowMs: 0.5 }, /its window must be/],
    ['no ttl', { ttlMs: 0 }, /ttl/],
    ['two statements', { sql: `${source.sql}; DROP TABLE tip` }, /single SELECT/],
    ['SQL that is not a query', { sql: 'DELETE FROM tip WHERE snooze_at_ms < :as_of_ms' }, /single SELECT/],
    ['SQL without a time', { sql: 'SELECT uid, 1 AS value FROM tip' }, /never mentions :as_of_ms/],
    ['no counters', { counters: [] }, /reads no counters/],
    ['counters with a bad id', { counters: [family({ id: 'a:b' })] }, /"a:b" must be/],
    ['counters of another window', { counters: [family({ windowMs: 1 })] }, /look back 1 ms, the feature 604800000 ms/],
    ['a value of the other dtype', { dtype: 'categorical' }, /0 is not categorical/],
  ])('%s', (_, changes, message) => {
    expect(() => defineFeature({ ...source, ...changes })).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) }),
    );
  });

  it('two features of one name, and two families of one id', () => {
    const one = defineFeature(source);
    expect(() => createRegistry([one, one])).toThrow(/two features are named snoozed_7d/);
    const other = defineFeature({ ...source, name: 'other', counters: [family({})] });
    expect(() => createRegistry([one, other])).toThrow(/two counter families have the id snoozed_7d/);
  });

  it.each<[string, CounterFamily['contribute'], RegExp]>([
    ['counts under another name', (_, __, add) => add('served', 1), /"served" is neither the id/],
    [
      'counts fractions',
      (tip, asOfMs, add) => isInWindow(tip.snoozeAtMs, asOfMs, WEEK) && add('snoozed_7d', 0.5),
      /0\.5 is not an integer/,
    ],
    ['counts what lies outside the window', (_, __, add) => add('snoozed_7d', 1), /no time in the window/],
  ])('a family that %s', (_, contribute, message) => {
    const feature = defineFeature({ ...source, counters: [family({ contribute })] });
    expect(() => createRegistry([feature])).toThrow(message);
  });
});
