/**
 * What an event costs of a user with 100,000 sessions in the window, against one of a new user: folded, committed and read as of that
 * moment, each in a transaction of its own; with lengths that are spread, that lie close together, and that are all the same. Prints a
 * line of JSON for each. `npm run build && node --import ./test/support/typescript-register.mjs bench/sessions.ts`
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RowFolder } from '../src/consumers/fold/rows.js';
import { createAggregate } from '../src/projections/aggregate.js';
import { registryOf } from '../src/projections/registry.js';
import { PartitionState } from '../src/store/partition-state.js';

const NOW = 1_795_000_000_000;
const DAY = 86_400_000;
const SESSIONS = 100_000;
const registry = registryOf({ sets: ['core', 'activity'] });
const identity = { partition: 0, partitions: 1, log: 'sqlite', topicPrefix: '', featureSet: registry.featureSet } as const;

const LENGTHS: Readonly<Record<string, (i: number) => number>> = {
  spread: (i) => (i * 7_919) % 10_000_000,
  narrow: (i) => 60_000 + ((i * 7_919) % 100),
  same: () => 60_000,
};

for (const [name, lengthOf] of Object.entries(LENGTHS)) {
  const directory = mkdtempSync(join(tmpdir(), 'tipstream-bench-'));
  const state = new PartitionState(join(directory, 'state.db'), identity, registry);
  const fold = new RowFolder(state, false).of('app.session');
  const folded = (user: string, i: number, nowMs: number) => {
    const started = NOW - ((i * 104_729) % (29 * DAY)) - 1;
    const event = { user_id: user, session_id: `s${i}`, started_at_ms: started, ended_at_ms: started + lengthOf(i) };
    fold(event, { nowMs } as Parameters<typeof fold>[1]);
  };
  const microseconds = (count: number, work: () => void) => {
    const began = performance.now();
    work();
    return Math.round(((performance.now() - began) / count) * 1_000);
  };
  const loaded = microseconds(SESSIONS, () => {
    state.transaction(NOW, () => {
      for (let i = 0; i < SESSIONS; i++) folded('big', i, NOW);
    });
  });
  const one = (user: string, from: number) =>
    microseconds(1_000, () => {
      for (let i = from; i < from + 1_000; i++)
        state.transaction(NOW + i, () => {
          folded(user, i, NOW + i);
          registry.values(createAggregate(), NOW + i, state.rows.counters(state.users.obtain(user).uid, NOW + i, NOW + i));
        });
    });
  const small = one('small', 0);
  const big = one('big', SESSIONS);
  const duplicate = microseconds(10_000, () => {
    state.transaction(NOW + 2 * SESSIONS, () => {
      for (let i = 0; i < 10_000; i++) folded('big', i, NOW + 2 * SESSIONS);
    });
  });
  const bytes = statSync(state.path).size;
  const measured = { load_us: loaded, event_of_new_user_us: small, event_of_big_user_us: big, duplicate_us: duplicate, bytes };
  process.stdout.write(`${JSON.stringify({ lengths: name, ...measured })}
`);
  state.close();
  rmSync(directory, { recursive: true });
}
