/** Rows in a state file, folded in any order and batches and read as of any time, give what the oracle gives. */
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { RowFolder } from '../../../src/consumers/fold/rows.js';
import { createAggregate } from '../../../src/projections/aggregate.js';
import { objectText, scalarOf } from '../../../src/projections/object-value.js';
import { registryOf } from '../../../src/projections/registry.js';
import { rowCountersOf } from '../../../src/projections/kept/user-rows.js';
import { PartitionState } from '../../../src/store/partition-state.js';
import { sweepRows } from '../../../src/store/join/row-sweep.js';
import { PartitionReader } from '../../../src/store/queries/partition-reader.js';
import { RowReaders } from '../../../src/store/tables/row-reader.js';
import { WINDOW_MS } from '../../../src/projections/window.js';
import { type ActivityEvent, oracleActivity } from '../../oracle/activity.js';
import { oracleText } from '../../oracle/profile.js';
import { activityOf } from '../../support/activity-events.js';
import { asOfMs } from '../../support/tip-generators.js';

const registry = registryOf({ sets: ['core', 'activity'] });
const ACTIVITY = Object.keys(oracleActivity([], '', 0));
const directory = mkdtempSync(join(tmpdir(), 'tipstream-rows-'));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;

const users = ['a', 'b'];
type Step =
  | { readonly kind: 'fold'; readonly event: ActivityEvent; readonly again: boolean }
  | { readonly kind: 'commit' | 'read' | 'undo'; readonly at: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('fold' as const), event: activityOf(fc.constantFrom(...users)), again: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('commit' as const, 'read' as const, 'undo' as const), at: asOfMs }) },
);

function expectFeatures(features: object, events: readonly ActivityEvent[], user: string, at: number): void {
  const expected = oracleActivity(events, user, at);
  const texts = (of: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(ACTIVITY.map((name) => [name, oracleText(of[name] as never)]));
  expect(texts(features as never)).toEqual(texts(expected));
}

it('in any order, any batches, with duplicates and rollbacks, as of any time', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), asOfMs, fc.array(asOfMs, { minLength: 3, maxLength: 3 }), (steps, nowMs, times) => {
      const path = join(directory, `${files++}.db`);
      const state = new PartitionState(
        path,
        { partition: 0, partitions: 1, log: 'sqlite', topicPrefix: '', featureSet: registry.featureSet },
        registry,
      );
      const folder = new RowFolder(state, true);
      const folds = { 'app.session': folder.of('app.session'), 'signal.synced': folder.of('signal.synced') };
      const kept: ActivityEvent[] = [];
      let batch: ActivityEvent[] = [];
      const fold = ({ topic, value }: ActivityEvent) => void folds[topic](value as never, { nowMs } as never);
      state.begin();
      for (const one of steps) {
        if (one.kind === 'fold') {
          fold(one.event);
          if (one.again) fold(one.event);
          batch.push(one.event);
        } else if (one.kind === 'read') {
          for (const user of users) {
            const entry = state.users.obtain(user);
            const rows = state.rows.counters(entry.uid, one.at, nowMs);
            expectFeatures(registry.values(createAggregate(), one.at, rows), [...kept, ...batch], user, one.at);
          }
        } else if (one.kind === 'commit') {
          state.commit(nowMs);
          kept.push(...batch.splice(0));
          state.begin();
        } else {
          state.rollback(new Error('undone'));
          batch = [];
          state.begin();
        }
      }
      state.commit(nowMs);
      kept.push(...batch);
      const reader = new PartitionReader(path, registry);
      const db = new Database(path, { readonly: true });
      const readers = new RowReaders(db, registry.kinds);
      for (const user of users) {
        const uid = db.prepare<[string], number>('SELECT uid FROM user WHERE user_id = ?').pluck().get(user);
        for (const fromAggregate of uid === undefined ? [] : [true, false]) {
          const sweep = sweepRows(readers.kinds, uid!, fromAggregate);
          for (const at of [...times, ...boundariesOf(kept.slice(0, 4), user)].sort((a, b) => a - b))
            expectFeatures(registry.values(createAggregate(), at, sweep(at)), kept, user, at);
        }
        for (const at of times) {
          const [stored, fromRows] = [reader.profile(user, at), reader.profileFromTips(user, at)];
          expect(fromRows).toEqual(stored);
          if (stored !== undefined) expectFeatures(stored.features, kept, user, at);
          const ofRows = rowCountersOf(registry, reader.rows(user), at);
          if (stored !== undefined) expect(registry.values(createAggregate(), at, ofRows)).toMatchObject(pick(stored.features));
          for (const { name, sql, whenEmpty } of registry.features.filter((feature) => ACTIVITY.includes(feature.name))) {
            const row = db.prepare(`SELECT value FROM (${sql}) WHERE uid = :uid`).get({ as_of_ms: at, uid: uid ?? -1 }) as
              | { value: number | string | null }
              | undefined;
            const expected = oracleActivity(kept, user, at)[name] ?? null;
            const text = typeof expected === 'object' && expected !== null ? objectText(expected) : expected;
            expect(row?.value ?? scalarOf(whenEmpty)).toBe(text);
          }
        }
      }
      db.close();
      reader.close();
      state.close();
      for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    }),
    { numRuns: 60 },
  );
});

/** Where a user's sessions enter and leave the window, and the milliseconds beside it. */
function boundariesOf(events: readonly ActivityEvent[], user: string): number[] {
  return events.flatMap(({ topic, value }) =>
    topic !== 'app.session' || value.user_id !== user
      ? []
      : [value.started_at_ms, value.ended_at_ms].flatMap((at) => [at, at + 1, at + WINDOW_MS, at + WINDOW_MS + 1]),
  );
}

const pick = (features: object) => Object.fromEntries(Object.entries(features).filter(([name]) => ACTIVITY.includes(name)));
