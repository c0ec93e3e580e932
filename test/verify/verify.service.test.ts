/** `verify` finds what was planted in a state file, names the user and the events, and says nothing of a state that is right. */
import { beforeEach, describe, expect, it } from 'vitest';
import { decodeState, encodeState } from '../../src/policies/ridge-codec.js';
import type { RecordAddress } from '../../src/log/port.js';
import { embeddedService } from '../support/embedded/directory.js';
import { recordOf, type EmbeddedService } from '../support/embedded/service.js';
import { findDifference, named, plant, verified } from '../support/planted-state.js';

const DAY = 86_400_000;
const NOW = 100 * DAY + 9 * 3_600_000;
const candidates = [
  { tip_id: 'c1', is_overdue: true, task_age_days: 2, priority: 3 },
  { tip_id: 'c2', is_overdue: false, task_age_days: 9, priority: 1 },
];
/** user_id of anna's -> where its event lies */
let embedded: EmbeddedService;
let anna: Record<'served' | 'done' | 'later' | 'c1', RecordAddress>;

/** anna: two plain tips and a decision that was served and done; ben: a tip; heavy: 200 tips, and so a time index. */
beforeEach(async () => {
  embedded = await embeddedService({ partitions: 2, clock: () => NOW });
  const append = async (topic: string, event: object) => (await embedded.log.append([recordOf(topic, event)]))[0]!;
  await append('tip.candidates', { user_id: 'anna', decision_id: 'd1', requested_at_ms: NOW - 5 * DAY, candidates });
  const served = await append('tip.served', { user_id: 'anna', tip_id: 't1', served_at_ms: NOW - 3 * DAY, category: 'work' });
  await append('tip.served', { user_id: 'anna', tip_id: 't1', served_at_ms: NOW - 3 * DAY, category: 'work' });
  await append('tip.served', { user_id: 'anna', tip_id: 't1', served_at_ms: 'soon' });
  const done = await append('tip.feedback', {
    user_id: 'anna',
    tip_id: 't1',
    action: 'done',
    reacted_at_ms: NOW - 3 * DAY + 60_000,
    utc_offset_min: 60,
  });
  const later = await append('tip.served', { user_id: 'anna', tip_id: 't2', served_at_ms: NOW - 2 * DAY });
  const c1 = await append('tip.served', {
    user_id: 'anna',
    tip_id: 'c1',
    served_at_ms: NOW - 4 * DAY,
    decision_id: 'd1',
    prompt_version: 'v2',
  });
  await append('tip.feedback', { user_id: 'anna', tip_id: 'c1', action: 'done', reacted_at_ms: NOW - 4 * DAY + 5_000 });
  await append('tip.served', { user_id: 'ben', tip_id: 't1', served_at_ms: NOW - DAY, category: 'home' });
  await embedded.log.append(
    Array.from({ length: 200 }, (_, i) => recordOf('tip.served', { user_id: 'heavy', tip_id: `h${i}`, served_at_ms: NOW - (i * DAY) / 4 })),
  );
  anna = { served, done, later, c1 };
  await embedded.catchUp();
  await embedded.stop();
});

describe('verify', () => {
  it('finds nothing in a state that is right, at any time and however little fits into memory', async () => {
    for (const asOfMs of [NOW, NOW - 10 * DAY, NOW + 28 * DAY, 0]) {
      for (const eventsInMemory of [1, 50_000]) {
        const document = await verified(embedded, { asOfMs, eventsInMemory });
        expect(named(document)).toEqual([]);
        expect(document).toMatchObject({
          equal: true,
          verified_users: 3,
          as_of_ms: asOfMs,
          difference_count: 0,
          unproven_count: 0,
          sample: null,
        });
      }
    }
    // All but the one that was refused, and the answer to the request.
    expect((await verified(embedded, { asOfMs: NOW })).events).toBe(207 + 1);
  });

  it('finds a tip row that was tampered with, and what it did to the profile', async () => {
    plant(
      embedded,
      'anna',
      "UPDATE tip SET done_at_ms = done_at_ms - 7200000 WHERE tip_id = 't1' AND uid = (SELECT uid FROM user WHERE user_id = 'anna')",
    );
    const document = await verified(embedded, { asOfMs: NOW - 1 });
    expect(document).toMatchObject({ equal: false, differing_users: 1 });
    expect(findDifference(document, 'tip', 'done_at_ms')).toMatchObject({
      user_id: 'anna',
      id: 't1',
      live: NOW - 3 * DAY + 60_000 - 7_200_000,
      replayed: NOW - 3 * DAY + 60_000,
      events: [anna.done],
    });
  });

  it('finds a row that was deleted, with the events that made it', async () => {
    expect(plant(embedded, 'anna', "DELETE FROM tip WHERE tip_id = 't2'")).toBe(1);
    const document = await verified(embedded, { asOfMs: NOW - DAY });
    expect(findDifference(document, 'tip', 'row')).toMatchObject({
      user_id: 'anna',
      id: 't2',
      live: null,
      events: [anna.later],
      events_total: 1,
    });
  });

  it('finds an event that was never applied: the profile, the counts and the row, with its address', async () => {
    // As if it had never been applied: the row, and what it counted for.
    const [user] = embedded.query<{ counters: string }>(embedded.partitionOf('anna'), "SELECT counters FROM user WHERE user_id = 'anna'");
    const counts = JSON.parse(user!.counters) as (string | number)[];
    for (const name of ['served', 'known']) counts[counts.indexOf(name) + 1] = Number(counts[counts.indexOf(name) + 1]) - 1;
    plant(embedded, 'anna', "DELETE FROM tip WHERE tip_id = 't2'");
    plant(embedded, 'anna', "UPDATE user SET counters = ?, tips = tips - 1 WHERE user_id = 'anna'", JSON.stringify(counts));
    const document = await verified(embedded, { asOfMs: NOW });
    expect(findDifference(document, 'profile', 'tip_volume_30d')).toMatchObject({
      user_id: 'anna',
      live: 2,
      replayed: 3,
      events: [anna.later],
    });
    expect(findDifference(document, 'cached_count', 'served')).toMatchObject({ live: 2, replayed: 3, events: [anna.later] });
    expect(findDifference(document, 'user', 'tips')).toMatchObject({ live: 2, replayed: 3 });
    expect(named(document)).toContain('anna tip t2 row');
  });

  it('finds a user who is gone altogether, in a sample too', async () => {
    plant(embedded, 'ben', "DELETE FROM tip WHERE uid = (SELECT uid FROM user WHERE user_id = 'ben')");
    plant(embedded, 'ben', "DELETE FROM user WHERE user_id = 'ben'");
    const document = await verified(embedded, { asOfMs: NOW, sample: { users: 1_000, seed: 's' } });
    expect(named(document)).toEqual(['ben tip t1 row', 'ben profile known']);
  });

  it('finds a doubled count in the cached aggregate, whether or not a feature shows it at the time asked about', async () => {
    const double = (name: string) => {
      const [user] = embedded.query<{ counters: string }>(embedded.partitionOf('anna'), "SELECT counters FROM user WHERE user_id = 'anna'");
      const counts = JSON.parse(user!.counters) as (string | number)[];
      counts[counts.indexOf(name) + 1] = 2 * Number(counts[counts.indexOf(name) + 1]);
      plant(embedded, 'anna', "UPDATE user SET counters = ? WHERE user_id = 'anna'", JSON.stringify(counts));
    };
    double('done_hour:9');
    const hidden = await verified(embedded, { asOfMs: NOW });
    expect(named(hidden)).toEqual(['anna cached_count done_hour:9']);
    expect(hidden.differences[0]).toMatchObject({ live: 2, replayed: 1, events_total: 2 });
    double('served');
    const shown = await verified(embedded, { asOfMs: NOW });
    expect(findDifference(shown, 'profile', 'tip_volume_30d')).toMatchObject({ live: 6, replayed: 3 });
    expect(findDifference(shown, 'profile', 'tip_volume_30d')!.events).toEqual(expect.arrayContaining([anna.later, anna.c1]));
    expect(named(await verified(embedded, { asOfMs: NOW - 20 * DAY }))).toEqual(
      expect.arrayContaining(['anna cached_count served', 'anna cached_count done_hour:9']),
    );
  });

  it('finds an interval that claims too much, and counts that cannot be read', async () => {
    plant(embedded, 'ben', "UPDATE user SET exact_until_ms = exact_until_ms + 1 WHERE user_id = 'ben'");
    expect(named(await verified(embedded, { asOfMs: NOW }))).toContain('ben cached_count served');
    plant(embedded, 'ben', "UPDATE user SET counters = '[' WHERE user_id = 'ben'");
    expect(named(await verified(embedded, { asOfMs: NOW }))).toContain('ben user counters');
  });

  it('finds an entry missing from the time index, and rows without a user', async () => {
    expect(plant(embedded, 'heavy', "DELETE FROM tip_time WHERE tip_id = 'h7'")).toBe(1);
    plant(embedded, 'heavy', "INSERT INTO tip (uid, tip_id, served_at_ms, linked) VALUES (999, 'x', 1, 0)");
    expect(named(await verified(embedded, { asOfMs: NOW }))).toEqual(
      expect.arrayContaining(['heavy time_index h7 at_ms', 'user tip rows without a user']),
    );
  });

  it('finds a changed decision record, and names the field and the record in the log', async () => {
    plant(embedded, 'anna', `UPDATE decision SET record = json_set(record, '$.chosen_tip_id', 'c9') WHERE decision_id = 'd1'`);
    const document = await verified(embedded, { asOfMs: NOW });
    expect(named(document)).toEqual(['anna decision d1 record.chosen_tip_id']);
    expect(document.differences[0]).toMatchObject({
      live: 'c9',
      events: [{ topic: 'tip.scored', partition: embedded.partitionOf('anna'), offset: 0 }],
    });
  });

  it('finds a changed reward, a lost link, a decision that the log does not have and one that the state lost', async () => {
    plant(embedded, 'anna', "UPDATE decision SET reward = 0 WHERE decision_id = 'd1'");
    const reward = await verified(embedded, { asOfMs: NOW });
    expect(named(reward)).toEqual(['anna decision d1 reward']);
    expect(reward.differences[0]!.events).toContainEqual(anna.c1);
    plant(embedded, 'anna', "DELETE FROM decision_link WHERE decision_id = 'd1'");
    expect(named(await verified(embedded, { asOfMs: NOW }))).toContain('anna link d1 served_at_ms of c1');
    plant(embedded, 'anna', "UPDATE decision SET decision_id = 'd2'");
    expect(named(await verified(embedded, { asOfMs: NOW }))).toEqual(
      expect.arrayContaining(['anna decision d2 record', 'anna decision d1 record']),
    );
  });

  it('finds a changed prompt version of a serving, with the event that names it', async () => {
    plant(embedded, 'anna', "UPDATE decision_link SET prompt_version = 'v1' WHERE decision_id = 'd1'");
    const document = await verified(embedded, { asOfMs: NOW });
    expect(named(document)).toEqual(['anna link d1 prompt_version of c1']);
    expect(document.differences[0]).toMatchObject({ live: 'v1', replayed: 'v2', events: [anna.c1] });
    // A serving that the log has lost may have named the smaller one; none can have named the larger.
    const { partition } = anna.c1;
    await embedded.log.truncateBefore('tip.served', partition, anna.c1.offset);
    expect(named(await verified(embedded, { asOfMs: NOW }))).toEqual([]);
    plant(embedded, 'anna', "UPDATE decision_link SET prompt_version = 'v3' WHERE decision_id = 'd1'");
    expect(named(await verified(embedded, { asOfMs: NOW }))).toEqual(['anna link d1 prompt_version of c1']);
  });

  it('finds a changed policy sum and a missing one, with the decisions that were summed', async () => {
    const partition = embedded.partitionOf('anna');
    const [row] = embedded.query<{ state: Buffer }>(partition, 'SELECT state FROM policy_state');
    const state = decodeState(row!.state, 7);
    state.g[1]! += 1 / 4096;
    state.b[0]! += 1;
    plant(embedded, 'anna', 'UPDATE policy_state SET state = ?', encodeState(state));
    const document = await verified(embedded, { asOfMs: NOW });
    expect(named(document)).toEqual(['anna policy_sum egreedy-v1 G[1][0]']);
    expect(document.differences[0]!.events).toEqual([{ topic: 'tip.scored', partition, offset: 0 }]);
    plant(embedded, 'anna', 'DELETE FROM policy_state');
    expect(named(await verified(embedded, { asOfMs: NOW }))).toContain('anna policy_sum egreedy-v1 updates');
    plant(embedded, 'anna', "INSERT INTO policy_state SELECT uid, 'egreedy-v1', -1, x'00' FROM user WHERE user_id = 'anna'");
    expect(named(await verified(embedded, { asOfMs: NOW }))).toContain('anna policy_sum egreedy-v1 state');
  });

  it('finds a control that differs from the log', async () => {
    await embedded.log.append(
      [0, 1].map((partition) => ({
        topic: 'policy.control',
        partition,
        key: null,
        value: Buffer.from(JSON.stringify({ control_id: 'k', type: 'configure', effective_at_ms: 5, settings: { epsilon: 0.5 } })),
      })),
    );
    await embedded.catchUp();
    await embedded.stop();
    expect(named(await verified(embedded, { asOfMs: NOW }))).toEqual([]);
    plant(embedded, 'anna', `UPDATE control SET record = json_set(record, '$.settings.epsilon', 1)`);
    expect(named(await verified(embedded, { asOfMs: NOW }))).toEqual(['control k record']);
  });

  it('takes the same users for the same seed, and is exact for those', async () => {
    const users = Array.from({ length: 40 }, (_, i) => `s${i}`);
    await embedded.produce('tip.served', ...users.map((user_id) => ({ user_id, tip_id: 't', served_at_ms: NOW - DAY })));
    await embedded.catchUp();
    await embedded.stop();
    for (const user of users)
      plant(embedded, user, 'UPDATE tip SET served_at_ms = served_at_ms + 1 WHERE uid = (SELECT uid FROM user WHERE user_id = ?)', user);
    const sampled = async (seed: string) => {
      const document = await verified(embedded, { asOfMs: NOW, sample: { users: 10, seed } });
      expect(document).toMatchObject({ verified_users: 10, sample: { users: 10, seed } });
      return [...new Set(document.differences.map((one) => one.user_id))].sort();
    };
    const first = await sampled('a');
    expect(first.length).toBeGreaterThan(5);
    expect(await sampled('a')).toEqual(first);
    expect(await sampled('b')).not.toEqual(first);
  });

  it('says whom it cannot prove when the log has lost its beginning, and still finds what no lost event explains', async () => {
    await embedded.log.truncateBefore('tip.served', anna.later.partition, anna.later.offset);
    const document = await verified(embedded, { asOfMs: NOW });
    expect(named(document)).toEqual([]);
    expect(document.unproven_users).toContainEqual({ user_id: 'anna', partition: anna.later.partition, topics: ['tip.served'] });
    plant(embedded, 'anna', "UPDATE tip SET served_at_ms = served_at_ms + 5 WHERE tip_id = 't2'");
    expect(named(await verified(embedded, { asOfMs: NOW }))).toContain('anna tip t2 served_at_ms');
    plant(embedded, 'anna', "UPDATE tip SET served_at_ms = served_at_ms - 5 WHERE tip_id = 't2'");
    plant(embedded, 'anna', `UPDATE user SET counters = replace(counters, '"served",3', '"served",6') WHERE user_id = 'anna'`);
    expect(named(await verified(embedded, { asOfMs: NOW }))).toContain('anna cached_count served');
  });

  it('refuses a log that ends before the state does', async () => {
    plant(embedded, 'anna', "UPDATE position SET next_offset = next_offset + 1000 WHERE topic = 'tip.served'");
    await expect(verified(embedded, { asOfMs: NOW })).rejects.toMatchObject({ code: 'offset_out_of_range' });
  });

  it('refuses a log that is not the one the state was folded from, where differences would mean nothing', async () => {
    plant(embedded, 'anna', "UPDATE position SET last_hash = replace(last_hash, substr(last_hash, 1, 1), 'x') WHERE topic = 'tip.served'");
    await expect(verified(embedded, { asOfMs: NOW })).rejects.toMatchObject({
      code: 'log_changed',
      details: { topic: 'tip.served', partition: anna.served.partition },
    });
    // Of a record that the log has lost nothing can be said.
    await embedded.log.truncateBefore(
      'tip.served',
      anna.served.partition,
      (await embedded.log.offsets('tip.served')).get(anna.served.partition)!.end,
    );
    expect((await verified(embedded, { asOfMs: NOW })).unproven_count).toBeGreaterThan(0);
  });

  it('holds for the positions of its snapshot while the service runs and events keep coming', async () => {
    await embedded.start();
    let on = true;
    const appending = (async () => {
      for (let i = 0; on; i++) {
        await embedded.produce('tip.served', { user_id: `live${i % 7}`, tip_id: `l${i}`, served_at_ms: NOW - i });
        await embedded.produce('tip.feedback', { user_id: `live${i % 7}`, tip_id: `l${i}`, action: 'done', reacted_at_ms: NOW - i + 1 });
      }
    })();
    let seen = 0;
    for (let round = 0; round < 5; round++) {
      await embedded.service.caughtUp();
      const document = await verified(embedded, { asOfMs: NOW });
      expect(named(document)).toEqual([]);
      expect(document.events).toBeGreaterThan(seen);
      seen = document.events;
    }
    on = false;
    await appending;
  });
});
