/** What a state file caches of sessions, altered behind the service's back: `verify` finds it, and says nothing of a right state. */
import { beforeEach, describe, expect, it } from 'vitest';
import { registryOf } from '../../src/projections/registry.js';
import { embeddedService } from '../support/embedded/directory.js';
import type { EmbeddedService } from '../support/embedded/service.js';
import { findDifference, named, plant, verified } from '../support/planted-state.js';

const DAY = 86_400_000;
const NOW = 1_795_000_000_000;
const registry = registryOf({ sets: ['core', 'activity'] });
const mine = "uid = (SELECT uid FROM user WHERE user_id = 'ann')";
let embedded: EmbeddedService;

/** ann: five sessions of 1 to 5 minutes, one a day, and a signal. */
beforeEach(async () => {
  embedded = await embeddedService({ registry, partitions: 1, clock: () => NOW });
  for (const i of [1, 2, 3, 4, 5]) {
    const at = NOW - i * DAY;
    await embedded.produce('app.session', { user_id: 'ann', session_id: `s${i}`, started_at_ms: at, ended_at_ms: at + i * 60_000 });
  }
  await embedded.produce('signal.synced', { user_id: 'ann', source: 'mail', synced_at_ms: NOW - DAY });
  await embedded.produce('tip.served', { user_id: 'ann', tip_id: 't1', served_at_ms: NOW - 1_000 });
  await embedded.catchUp();
  await embedded.stop();
});

const found = async (asOfMs = NOW) => named(await verified(embedded, { asOfMs }));

describe('verify of what is cached of rows', () => {
  it('finds nothing in a state that is right', async () => {
    for (const asOfMs of [NOW, NOW - 3 * DAY, NOW + 29 * DAY]) expect(await found(asOfMs)).toEqual([]);
  });

  it.each([
    ['sessions', 'ann cached_count session sessions'],
    ['session_hour', /^ann cached_count session session_hour:\d+$/],
    ['session_day', /^ann cached_count session session_day:\d+$/],
    ['median', 'ann cached_count session median:session_length'],
    ['smaller', 'ann cached_count session smaller:session_length'],
    ['size', 'ann cached_count session size:session_length'],
  ])('finds a wrong count of %s, whatever the features of now show', async (counter, difference) => {
    const [{ counters }] = embedded.query<{ counters: string }>(0, 'SELECT counters FROM row_aggregate') as [{ counters: string }];
    const flat = JSON.parse(counters) as (string | number)[];
    const at = flat.findIndex((name) => typeof name === 'string' && name.split(':')[0] === counter);
    flat[at + 1] = Number(flat[at + 1]) + 1;
    expect(plant(embedded, 'ann', 'UPDATE row_aggregate SET counters = ?', JSON.stringify(flat))).toBe(1);
    // So long ago that no feature is computed from the counts.
    const differences = await found(NOW - 200 * DAY);
    expect(differences).toEqual([typeof difference === 'string' ? difference : expect.stringMatching(difference)]);
  });

  it.each([
    [
      'a number that nothing counts',
      'UPDATE ordered_number SET number = 1 WHERE number = 60000',
      ['session_length:1', 'session_length:60000'],
    ],
    ['how often one counts', 'UPDATE ordered_number SET count = 7 WHERE number = 240000', ['session_length:240000']],
    ['one that is gone', 'DELETE FROM ordered_number WHERE number = 300000', ['session_length:300000']],
  ])('finds wrong ordered numbers: %s', async (_, sql, counters) => {
    expect(plant(embedded, 'ann', sql)).toBe(1);
    expect((await found()).sort()).toEqual(counters.map((counter) => `ann cached_count session ${counter}`));
  });

  it('finds an interval that claims too much, at its ends', async () => {
    plant(embedded, 'ann', `UPDATE row_aggregate SET exact_until_ms = exact_until_ms + ${31 * DAY}`);
    expect(await found()).toContain('ann cached_count session sessions');
    plant(embedded, 'ann', 'UPDATE row_aggregate SET exact_until_ms = exact_after_ms');
    expect(await found()).toContain('ann user session exact_until_ms');
  });

  it('finds counts that are missing, of no kind, of no family, of nobody, and what is no JSON', async () => {
    plant(embedded, 'ann', 'UPDATE row_aggregate SET rows = 4');
    const document = await verified(embedded, { asOfMs: NOW });
    expect(findDifference(document, 'user', 'rows')).toMatchObject({ id: 'session', live: 4, replayed: 5 });
    plant(embedded, 'ann', "INSERT INTO row_aggregate SELECT 'signal', uid, 1, 0, 1, '[]' FROM user");
    plant(embedded, 'ann', "INSERT INTO ordered_number SELECT uid, 'other', 5, 2 FROM user");
    plant(embedded, 'ann', "INSERT INTO ordered_number VALUES (99, 'session_length', 5, 2)");
    expect((await found()).sort()).toEqual([
      'ann cached_count other:5',
      'ann user session rows',
      'ann user signal cached counts',
      'user ordered_number rows without a user',
    ]);
    plant(embedded, 'ann', `UPDATE row_aggregate SET counters = 'none' WHERE kind = 'session' AND ${mine}`);
    expect(await found()).toContain('ann user counters');
    plant(embedded, 'ann', 'DELETE FROM row_aggregate');
    expect(await found()).toContain('ann user session rows');
  });
});
