/** What a sweep over a user's sessions costs does not grow with rows times sessions. */
import Database from 'better-sqlite3';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RowFolder } from '../../../src/consumers/fold/rows.js';
import { countersOf } from '../../../src/projections/row-counts.js';
import { registryOf } from '../../../src/projections/registry.js';
import { DAY_MS } from '../../../src/projections/window.js';
import { sweepRows } from '../../../src/store/join/row-sweep.js';
import { PartitionState } from '../../../src/store/partition-state.js';
import { RowReader } from '../../../src/store/tables/row-reader.js';

const registry = registryOf({ sets: ['core', 'activity'] });
const ofSessions = registry.kinds.find(({ kind }) => kind.name === 'session')!;
const directory = mkdtempSync(join(tmpdir(), 'tipstream-sweep-'));
const path = join(directory, 'state.db');
const SESSIONS = 3_000;
const EVERY_MS = DAY_MS / 24;
let db: Database.Database;
let uid: number;

beforeAll(() => {
  const made = { partition: 0, partitions: 1, log: 'sqlite', topicPrefix: '', featureSet: registry.featureSet } as const;
  const state = new PartitionState(path, made, registry);
  const fold = new RowFolder(state, true).of('app.session');
  state.begin();
  for (let i = 0; i < SESSIONS; i++) {
    const started_at_ms = i * EVERY_MS;
    const value = { user_id: 'a', session_id: `s${i}`, started_at_ms, ended_at_ms: started_at_ms + ((i * 7_919) % EVERY_MS) };
    fold(value as never, { nowMs: 0 } as never);
  }
  uid = state.users.obtain('a').uid;
  state.commit(0);
  state.close();
  db = new Database(path, { readonly: true });
});
afterAll(() => {
  db.close();
  rmSync(directory, { recursive: true });
});

it('reads each session when it enters or leaves the window, and gives what each time by itself gives', () => {
  const reader = new RowReader(db, ofSessions);
  const all = reader.rows(uid);
  let read = 0;
  const source = reader.source.bind(reader);
  reader.source = (of) => {
    const found = source(of);
    const index = found.timeIndex!;
    return {
      ...found,
      timeIndex: {
        ...index,
        *withTimeIn(fromMs, toMs) {
          for (const one of index.withTimeIn(fromMs, toMs)) {
            read++;
            yield one;
          }
        },
      },
    };
  };
  const at = sweepRows([reader], uid, false);
  const times = Array.from({ length: 1_500 }, (_, i) => Math.floor((i * SESSIONS * EVERY_MS) / 1_400));
  for (const [i, asOfMs] of times.entries()) {
    const counters = at(asOfMs);
    if (i % 50 === 0) expect(counters).toEqual(countersOf(ofSessions, all, asOfMs));
  }
  // Each of two times enters the window and leaves it; the first window is read once more for its numbers.
  expect(read).toBeGreaterThan(SESSIONS);
  expect(read).toBeLessThan(6 * SESSIONS);
});
