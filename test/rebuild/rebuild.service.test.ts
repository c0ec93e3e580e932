/** A rebuild gives what the log says and owes what was owed. */
import { truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TipstreamError } from '../../src/errors.js';
import type { FaultPoint } from '../../src/fault-points.js';
import { removeOtherGenerations } from '../../src/rebuild/rebuild.js';
import { currentGeneration, generations } from '../../src/store/directory/layout.js';
import { embeddedService } from '../support/embedded/directory.js';
import { traffic } from '../support/embedded/traffic.js';
import { plant, verified } from '../support/planted-state.js';
import {
  answersOf,
  DAY,
  deadLetters,
  EVERYTHING,
  liveContents,
  NOW,
  request,
  SETTINGS,
  userRow,
  withHistory,
} from '../support/rebuild-history.js';
import { logEnds, rebuilt, until } from '../support/rebuilds.js';
import { pendingWork } from '../support/state-contents.js';

describe('a rebuild without a running service', () => {
  it(
    'of a state that is right changes no user, publishes nothing, and becomes the live ' + 'one; the old one is kept until it is pruned',
    async () => {
      const embedded = await withHistory();
      const before = embedded.digest(NOW);
      const contents = liveContents(embedded);
      const ends = await logEnds(embedded, EVERYTHING);
      const document = await rebuilt(embedded);
      expect(document).toMatchObject({
        swapped: true,
        dry_run: false,
        generation: 'gen-000002',
        previous: 'gen-000001',
        users: 40,
        changed_users: 0,
        changes: [],
        incomplete: [],
        not_compared: [],
        compared_elsewhere: [],
        refused: null,
        positions: before.positions,
      });
      expect(currentGeneration(embedded.directory)).toBe('gen-000002');
      expect(embedded.digest(NOW)).toEqual(before);
      expect(liveContents(embedded)).toEqual(contents);
      expect(await logEnds(embedded, EVERYTHING)).toEqual(ends);
      expect((await verified(embedded, { asOfMs: NOW })).equal).toBe(true);
      await embedded.catchUp();
      expect(await logEnds(embedded, EVERYTHING)).toEqual(ends);
      await embedded.stop();
      expect(removeOtherGenerations(embedded.directory)).toEqual(['gen-000001']);
      expect(generations(embedded.directory)).toEqual(['gen-000002']);
      expect(await rebuilt(embedded, { prune: true })).toMatchObject({ generation: 'gen-000003', removed: ['gen-000002'] });
      expect(generations(embedded.directory)).toEqual(['gen-000003']);
    },
  );

  it('mends what was tampered with, and names whom it changed, the most changed first', async () => {
    const embedded = await withHistory();
    const before = embedded.digest(NOW);
    const contents = liveContents(embedded);
    plant(embedded, 'user-20', `DELETE FROM tip WHERE uid = ${userRow('user-20')}`);
    plant(embedded, 'user-20', "DELETE FROM user WHERE user_id = 'user-20'");
    plant(embedded, 'user-3', `UPDATE policy_state SET state = zeroblob(length(state)) WHERE uid = ${userRow('user-3')}`);
    plant(
      embedded,
      'user-5',
      "UPDATE decision SET record = json_set(record, '$.chosen_tip_id', 'c9') WHERE decision_id = 'learned-user-5'",
    );
    expect(
      plant(embedded, 'user-7', `UPDATE tip SET served_at_ms = served_at_ms + 1 WHERE uid = ${userRow('user-7')} AND tip_id = 'learned-7'`),
    ).toBe(1);
    const counters = embedded.query<{ counters: string }>(
      embedded.partitionOf('user-9'),
      "SELECT counters FROM user WHERE user_id = 'user-9'",
    )[0]!.counters;
    const counts = JSON.parse(counters) as (string | number)[];
    counts[counts.indexOf('served') + 1] = 2 * Number(counts[counts.indexOf('served') + 1]);
    plant(embedded, 'user-9', "UPDATE user SET counters = ? WHERE user_id = 'user-9'", JSON.stringify(counts));

    const dry = await rebuilt(embedded, { dryRun: true });
    expect(dry).toMatchObject({ swapped: false, changed_users: 5 });
    const document = await rebuilt(embedded);
    expect(document).toMatchObject({
      swapped: true,
      resumed: true,
      changed_users: 5,
      changes: dry.changes,
      changed_features: dry.changed_features,
      refused: null,
    });
    const changed = new Map(document.changes.map(({ user_id, changes }) => [user_id, changes.map(({ feature }) => feature)]));
    expect([...changed.keys()][0]).toBe('user-20');
    expect(changed.get('user-20')).toEqual(expect.arrayContaining(['tip_volume_30d', 'tips', 'completion_rate_30d']));
    expect(changed.get('user-3')).toEqual(expect.arrayContaining(['egreedy-v1 updates']));
    expect(changed.get('user-5')).toEqual(['decisions']);
    expect(changed.get('user-7')).toEqual(['tips']);
    expect(changed.get('user-9')).toEqual(expect.arrayContaining(['tip_volume_30d']));
    const volume = document.changes
      .find(({ user_id }) => user_id === 'user-9')!
      .changes.find(({ feature }) => feature === 'tip_volume_30d')!;
    expect(volume).toMatchObject({ kind: 'profile', size: 0.5 });
    expect(volume.live).toBe(2 * Number(volume.rebuilt));
    expect(embedded.digest(NOW)).toEqual(before);
    expect(liveContents(embedded).map(({ unpublished: _, ...rest }) => rest)).toEqual(contents.map(({ unpublished: _, ...rest }) => rest));
    expect((await verified(embedded, { asOfMs: NOW })).equal).toBe(true);
    // Whoever follows profile.features learns of it from the next start.
    const published = (await embedded.records('profile.features')).length;
    await embedded.catchUp();
    expect((await embedded.records('profile.features')).length).toBeGreaterThan(published);
  });

  it('goes on to the end of the log; what was owed, or is owed for what came since, is sent exactly once', async () => {
    const events = traffic(7);
    const embedded = await withHistory(events);
    await embedded.produce('tip.candidates', ...Array.from({ length: 30 }, (_, i) => request(i)));
    await embedded.append(...events.next(200));
    await embedded.start({ maxBatchRecords: 40 });
    // The log is away, for longer than this takes: nothing is acknowledged, and folding and answering go on.
    embedded.faults.refuseAppends(...Array.from({ length: 10_000 }, () => new TipstreamError('log_unavailable', 'away')));
    await until(() => [0, 1].some((partition) => pendingWork(embedded.statePath(partition)).unread.length > 0));
    await embedded.kill();
    // Since the crash: facts, refused ones, requests.
    await embedded.append(...events.next(200), { topic: 'tip.served', key: Buffer.from('user-1'), value: Buffer.from('nothing') });
    await embedded.produce('tip.candidates', ...Array.from({ length: 10 }, (_, i) => request(100 + i)));
    const ends = await logEnds(embedded, EVERYTHING);

    const document = await rebuilt(embedded);
    expect(document).toMatchObject({ swapped: true, changed_users: 0 });
    expect(await logEnds(embedded, EVERYTHING)).toEqual(ends);
    for (const topic of ['tip.served', 'tip.feedback', 'tip.scored', 'policy.control'])
      expect(Object.values(document.positions[topic]!)).toEqual(ends.get(topic));
    expect(Object.values(document.positions['tip.candidates']!)).not.toEqual(ends.get('tip.candidates'));
    await embedded.catchUp();
    const asked = new Set(
      (await embedded.records('tip.candidates')).flatMap(({ value }) => {
        try {
          return [(JSON.parse(value!.toString()) as { decision_id: string }).decision_id];
        } catch {
          return [];
        }
      }),
    );
    expect(await answersOf(embedded)).toEqual([...asked].sort());
    const letters = await deadLetters(embedded);
    expect(letters).toEqual([...new Set(letters)]);
    expect(letters.length).toBe(
      embedded.countOf('rejected:tip.served:invalid_event') +
        embedded.countOf('rejected:tip.served:not_json') +
        embedded.countOf('rejected:tip.feedback:not_json'),
    );
    const after = embedded.digest(NOW);
    await embedded.stop();
    // A fold of the same log from nothing agrees.
    await embedded.deleteState();
    await embedded.catchUp();
    expect(embedded.digest(NOW).digest).toBe(after.digest);
  });

  it('repeats what was pruned, where it was: the state, its record of prunes and the decisions they closed are the same', async () => {
    let nowMs = NOW;
    const embedded = await embeddedService({ partitions: 2, clock: () => nowMs, settings: SETTINGS, retainMs: 90 * DAY });
    const events = traffic(17);
    await embedded.append(...events.next(600));
    await embedded.catchUp();
    const forgotten = (partition: number) => ({
      prunes: embedded.query(partition, 'SELECT * FROM prune ORDER BY seq'),
      closed: embedded.query(
        partition,
        'SELECT user_id, decision_id, reward_tip_id, reward FROM closed_decision JOIN user USING (uid) ORDER BY user_id, decision_id',
      ),
    });
    for (const days of [70, 95, 120]) {
      nowMs = NOW + days * DAY;
      await embedded.produce(
        'tip.served',
        ...Array.from({ length: 40 }, (_, i) => ({ user_id: `user-${i}`, tip_id: `new-${days}`, served_at_ms: nowMs - 1 })),
      );
      await embedded.catchUp();
      await embedded.append(...events.next(60)); // late ones, of tips that have gone
      await embedded.catchUp();
    }
    await embedded.stop();
    const before = [0, 1].map(forgotten);
    const contents = liveContents(embedded);
    const digest = embedded.digest(nowMs);
    expect(before.every(({ prunes, closed }) => prunes.length > 1 && closed.length > 0)).toBe(true);
    let left = 3;
    const ended = (point: FaultPoint) => {
      if (point === 'rebuild: batch committed' && --left === 0) throw new Error('ended by the test');
    };
    await expect(rebuilt(embedded, { batchRecords: 150, at: ended })).rejects.toThrow('ended by the test');
    expect(await rebuilt(embedded)).toMatchObject({ swapped: true, resumed: true, changed_users: 0 });
    expect([0, 1].map(forgotten)).toEqual(before);
    expect(liveContents(embedded)).toEqual(contents);
    expect(embedded.digest(nowMs)).toEqual(digest);
    expect((await verified(embedded, { asOfMs: nowMs })).equal).toBe(true);
  });

  it('makes the first generation where there is none, and a partition anew whose file is damaged', async () => {
    const embedded = await withHistory();
    const before = embedded.digest(NOW);
    const answers = await answersOf(embedded);
    await embedded.deleteState();
    expect(await rebuilt(embedded)).toMatchObject({
      swapped: true,
      generation: 'gen-000001',
      previous: null,
      not_compared: [0, 1],
      changed_users: 0,
    });
    expect(embedded.digest(NOW).digest).toBe(before.digest);
    await embedded.catchUp();
    await embedded.stop();
    expect(await answersOf(embedded)).toEqual(answers);

    truncateSync(embedded.statePath(1), 20_000);
    const document = await rebuilt(embedded);
    expect(document).toMatchObject({ swapped: true, not_compared: [1], changed_users: 0 });
    expect(document.sources[1]!.reason).toMatch(/damaged|malformed|integrity/);
    await embedded.catchUp();
    expect(embedded.digest(NOW).digest).toBe(before.digest);
    expect(await answersOf(embedded)).toEqual(answers);
  });
});
