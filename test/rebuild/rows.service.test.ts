/** A rebuild of state with sessions and signals: it names who had other rows, and repeats prunes with what they took of each kind. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Definition } from '../../src/events/feature-choice.js';
import { registryOf } from '../../src/projections/registry.js';
import { embeddedService } from '../support/embedded/directory.js';
import type { EmbeddedService } from '../support/embedded/service.js';
import { named, plant, verified } from '../support/planted-state.js';
import { rebuilt } from '../support/rebuilds.js';

const DAY = 86_400_000;
const NOW = 1_795_000_000_000;
const registry = registryOf({ sets: ['core', 'activity'] });
let embedded: EmbeddedService;

/** ann and ben: five sessions 20 days apart and two signals, of which a prune takes those of 80 and 100 days ago, and one signal. */
beforeEach(async () => {
  embedded = await embeddedService({ registry, partitions: 1, retainMs: 70 * DAY, clock: () => NOW });
  for (const user_id of ['ann', 'ben']) {
    for (const i of [1, 2, 3, 4, 5]) {
      const at = NOW - i * 20 * DAY;
      await embedded.produce('app.session', { user_id, session_id: `s${i}`, started_at_ms: at, ended_at_ms: at + 5_000 });
    }
    for (const days of [80, 90]) await embedded.produce('signal.synced', { user_id, source: 'mail', synced_at_ms: NOW - days * DAY });
    await embedded.produce('tip.served', { user_id, tip_id: 't1', served_at_ms: NOW - 1_000 });
  }
  await embedded.catchUp();
  await embedded.stop();
});

const prunedRows = () => embedded.query<{ seq: number }>(0, 'SELECT * FROM pruned_rows ORDER BY kind');
const TAKEN = [
  { seq: 1, kind: 'session', rows: 4 },
  { seq: 1, kind: 'signal', rows: 2 },
];

describe('a prune of sessions and signals', () => {
  it('records how many rows of each kind it took, and so does its repetition', async () => {
    expect(prunedRows()).toEqual(TAKEN);
    expect(embedded.query(0, 'SELECT seq, tips FROM prune')).toEqual([{ seq: 1, tips: 0 }]);
    expect(embedded.logged.filter(({ msg }) => msg.startsWith('pruned'))).toMatchObject([
      { msg: 'pruned tips and other rows older than --retain', tips: 0, rows: 6 },
    ]);
    expect(named(await verified(embedded, { asOfMs: NOW }))).toEqual([]);
    expect(await rebuilt(embedded)).toMatchObject({ swapped: true, changed_users: 0, difference_count: 0 });
    expect(prunedRows()).toEqual(TAKEN);
    expect(named(await verified(embedded, { asOfMs: NOW }))).toEqual([]);
  });

  it.each([
    ['UPDATE pruned_rows SET rows = 9', ['prune 1 session', 'prune 1 signal'], [9, 9]],
    ["DELETE FROM pruned_rows WHERE kind = 'session'", ['prune 1 session'], [0]],
    ["INSERT INTO pruned_rows VALUES (1, 'others', 3)", ['prune 1 others'], [3]],
  ])('is found to have taken something else, by verify and a rebuild, which mends the record: %s', async (sql, found, live) => {
    plant(embedded, 'ann', sql);
    const document = await verified(embedded, { asOfMs: NOW });
    expect([named(document), document.differences.map((one) => one.live)]).toEqual([found, live]);
    const { differences } = await rebuilt(embedded);
    expect(differences.map(({ kind, id, feature }) => `${kind} ${id} ${feature}`)).toEqual(found);
    expect(prunedRows()).toEqual(TAKEN);
    expect(named(await verified(embedded, { asOfMs: NOW }))).toEqual([]);
  });
});

describe('a prune of the rows that a file of features counts', () => {
  const count: Definition = {
    name: 'served_7d',
    description: 'Tips served in seven days.',
    unit: 'tips',
    topic: 'tip.served',
    shape: 'count',
    field: null,
    filter: [],
    counts: null,
    windowMs: 7 * DAY,
    ttlMs: DAY,
  };

  it('is recorded and proven too', async () => {
    const defined = registryOf({ sets: ['core'], definitions: [count] });
    const service = await embeddedService({ registry: defined, partitions: 1, retainMs: 70 * DAY, clock: () => NOW });
    for (const [tip_id, days] of Object.entries({ t1: 90, t2: 80, t3: 1 }))
      await service.produce('tip.served', { user_id: 'ann', tip_id, served_at_ms: NOW - days * DAY });
    // Known by nothing as of now: what a prune takes of such users counts as well.
    await service.produce('tip.served', { user_id: 'ben', tip_id: 't1', served_at_ms: NOW - 75 * DAY });
    await service.catchUp();
    await service.stop();
    expect(service.query(0, 'SELECT * FROM pruned_rows')).toEqual([{ seq: 1, kind: 'tip_served', rows: 3 }]);
    expect(named(await verified(service, { asOfMs: NOW }))).toEqual([]);
    plant(service, 'ann', 'UPDATE pruned_rows SET rows = 2');
    expect(named(await verified(service, { asOfMs: NOW }))).toEqual(['prune 1 tip_served']);
  });
});

describe('a rebuild', () => {
  it('names the users whose rows differ, also where no feature of now shows it', async () => {
    const mine = "uid = (SELECT uid FROM user WHERE user_id = 'ben')";
    expect(plant(embedded, 'ben', `UPDATE session SET ended_at_ms = ended_at_ms + 1 WHERE session_id = 's3' AND ${mine}`)).toBe(1);
    expect(plant(embedded, 'ben', `INSERT INTO signal SELECT uid, 'mail', 7 FROM user WHERE user_id = 'ben'`)).toBe(1);
    const dry = await rebuilt(embedded, { dryRun: true });
    expect(dry).toMatchObject({ changed_users: 1, changed_features: { session: 1, signal: 1 } });
    expect(dry.changes).toEqual([
      {
        user_id: 'ben',
        partition: 0,
        size: 1 / 2 + 1 / 3,
        changes: [
          { kind: 'rows', feature: 'signal', live: 2, rebuilt: 1, size: 1 / 2 },
          { kind: 'rows', feature: 'session', live: 3, rebuilt: 3, size: 1 / 3 },
        ],
      },
    ]);
    await rebuilt(embedded);
    expect(named(await verified(embedded, { asOfMs: NOW }))).toEqual([]);
  });
});
