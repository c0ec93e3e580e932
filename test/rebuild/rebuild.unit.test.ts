/** A rebuild gives what the log says and owes what was owed, changes nothing unless it swaps, and goes on where it was ended. */
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TipstreamError } from '../../src/errors.js';
import type { FaultPoint } from '../../src/fault-points.js';
import { removeOtherGenerations } from '../../src/rebuild/rebuild.js';
import { lockData } from '../../src/store/data-lock.js';
import { currentGeneration, generations } from '../../src/store/layout.js';
import { lockRebuild } from '../../src/store/rebuild-lock.js';
import { CONSUMED_TOPICS, deadLetterTopic, TOPIC_NAMES } from '../../src/topics.js';
import { embeddedService } from '../support/embedded-directory.js';
import { recordOf, type EmbeddedService } from '../support/embedded-service.js';
import { traffic, TRAFFIC_AS_OF_MS } from '../support/embedded-traffic.js';
import { plant, verified } from '../support/planted-state.js';
import { logEnds, rebuilt, until } from '../support/rebuilds.js';
import { stateContents, stateDebts } from '../support/state-contents.js';

const NOW = TRAFFIC_AS_OF_MS;
const DAY = 86_400_000;
const clock = () => NOW;
const SETTINGS = { shadow: 'egreedy-v2', shadowLearning: true } as const;
const EVERYTHING = [...TOPIC_NAMES, ...CONSUMED_TOPICS.map(deadLetterTopic)];
const userRow = (userId: string) => `(SELECT uid FROM user WHERE user_id = '${userId}')`;

/** Busy traffic, with rewarded decisions of user-0 to user-11, applied; the service is stopped. */
async function withHistory(events = traffic(7)): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 2, clock, settings: SETTINGS });
  const at = NOW - DAY;
  const learners = Array.from({ length: 12 }, (_, i) => ({ user_id: `user-${i}`, tip_id: `learned-${i}` }));
  await embedded.produce('tip.candidates', ...learners.map(({ user_id, tip_id }) => ({ user_id, decision_id: `learned-${user_id}`, requested_at_ms: at, candidates: [{ tip_id, is_overdue: true, task_age_days: 3, priority: 4 }] })));
  await embedded.produce('tip.served', ...learners.map((tip) => ({ ...tip, decision_id: `learned-${tip.user_id}`, served_at_ms: at + 1 })));
  await embedded.produce('tip.feedback', ...learners.map((tip, i) => ({ ...tip, action: i % 3 === 0 ? 'dismiss' : 'done', reacted_at_ms: at + 60_000 })));
  await embedded.append(...events.next(800));
  await embedded.catchUp();
  await embedded.stop();
  return embedded;
}

const request = (i: number) => ({ decision_id: `late-${i}`, user_id: `user-${i % 40}`, requested_at_ms: NOW, candidates: [{ tip_id: 'x', is_overdue: false, task_age_days: 1, priority: 2 }, { tip_id: 'y', is_overdue: true, task_age_days: 2, priority: 3 }] });

async function answersOf(embedded: EmbeddedService): Promise<string[]> {
  return (await embedded.scored()).map(({ decision_id }) => decision_id).sort();
}

/** topic/partition/offset of every record that has a dead letter. */
async function deadLetters(embedded: EmbeddedService): Promise<string[]> {
  const letters = (await Promise.all(CONSUMED_TOPICS.map((topic) => embedded.records(deadLetterTopic(topic))))).flat();
  const header = (headers: readonly (readonly [string, Buffer])[], name: string) => headers.find(([found]) => found === `__dlq.errors.${name}`)![1].toString();
  return letters.map(({ headers }) => ['topic', 'partition', 'offset'].map((name) => header(headers, name)).join('/')).sort();
}

/** The whole of the live generation's files. */
const liveContents = (embedded: EmbeddedService) => [0, 1].map((partition) => ({ ...stateContents(embedded.statePath(partition)), ...stateDebts(embedded.statePath(partition)) }));

describe('a rebuild without a running service', () => {
  it('of a state that is right changes no user, publishes nothing, and becomes the live one; the old one is kept until it is pruned', async () => {
    const embedded = await withHistory();
    const before = embedded.digest(NOW);
    const contents = liveContents(embedded);
    const ends = await logEnds(embedded, EVERYTHING);
    const document = await rebuilt(embedded);
    expect(document).toMatchObject({ swapped: true, dry_run: false, generation: 'gen-000002', previous: 'gen-000001', users: 40, changed_users: 0, changes: [], incomplete: [], not_compared: [], compared_elsewhere: [], refused: null, positions: before.positions });
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
  });

  it('mends what was tampered with, and names whom it changed, the most changed first', async () => {
    const embedded = await withHistory();
    const before = embedded.digest(NOW);
    const contents = liveContents(embedded);
    plant(embedded, 'user-20', `DELETE FROM tip WHERE uid = ${userRow('user-20')}`);
    plant(embedded, 'user-20', "DELETE FROM user WHERE user_id = 'user-20'");
    plant(embedded, 'user-3', `UPDATE policy_state SET state = zeroblob(length(state)) WHERE uid = ${userRow('user-3')}`);
    plant(embedded, 'user-5', "UPDATE decision SET record = json_set(record, '$.chosen_tip_id', 'c9') WHERE decision_id = 'learned-user-5'");
    expect(plant(embedded, 'user-7', `UPDATE tip SET served_at_ms = served_at_ms + 1 WHERE uid = ${userRow('user-7')} AND tip_id = 'learned-7'`)).toBe(1);
    const counters = embedded.query<{ counters: string }>(embedded.partitionOf('user-9'), "SELECT counters FROM user WHERE user_id = 'user-9'")[0]!.counters;
    const counts = JSON.parse(counters) as (string | number)[];
    counts[counts.indexOf('served') + 1] = 2 * Number(counts[counts.indexOf('served') + 1]);
    plant(embedded, 'user-9', "UPDATE user SET counters = ? WHERE user_id = 'user-9'", JSON.stringify(counts));

    const dry = await rebuilt(embedded, { dryRun: true });
    expect(dry).toMatchObject({ swapped: false, changed_users: 5 });
    const document = await rebuilt(embedded);
    expect(document).toMatchObject({ swapped: true, resumed: true, changed_users: 5, changes: dry.changes, changed_features: dry.changed_features, refused: null });
    const changed = new Map(document.changes.map(({ user_id, changes }) => [user_id, changes.map(({ feature }) => feature)]));
    expect([...changed.keys()][0]).toBe('user-20');
    expect(changed.get('user-20')).toEqual(expect.arrayContaining(['tip_volume_30d', 'tips', 'completion_rate_30d']));
    expect(changed.get('user-3')).toEqual(expect.arrayContaining(['egreedy-v1 updates']));
    expect(changed.get('user-5')).toEqual(['decisions']);
    expect(changed.get('user-7')).toEqual(['tips']);
    expect(changed.get('user-9')).toEqual(expect.arrayContaining(['tip_volume_30d']));
    const volume = document.changes.find(({ user_id }) => user_id === 'user-9')!.changes.find(({ feature }) => feature === 'tip_volume_30d')!;
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
    await until(() => [0, 1].some((partition) => stateDebts(embedded.statePath(partition)).unread.length > 0));
    await embedded.kill();
    // Since the crash: facts, refused ones, requests.
    await embedded.append(...events.next(200), { topic: 'tip.served', key: Buffer.from('user-1'), value: Buffer.from('nothing') });
    await embedded.produce('tip.candidates', ...Array.from({ length: 10 }, (_, i) => request(100 + i)));
    const ends = await logEnds(embedded, EVERYTHING);

    const document = await rebuilt(embedded);
    expect(document).toMatchObject({ swapped: true, changed_users: 0 });
    expect(await logEnds(embedded, EVERYTHING)).toEqual(ends);
    for (const topic of ['tip.served', 'tip.feedback', 'tip.scored', 'policy.control']) expect(Object.values(document.positions[topic]!)).toEqual(ends.get(topic));
    expect(Object.values(document.positions['tip.candidates']!)).not.toEqual(ends.get('tip.candidates'));
    await embedded.catchUp();
    const asked = new Set((await embedded.records('tip.candidates')).flatMap(({ value }) => {
      try {
        return [(JSON.parse(value!.toString()) as { decision_id: string }).decision_id];
      } catch {
        return [];
      }
    }));
    expect(await answersOf(embedded)).toEqual([...asked].sort());
    const letters = await deadLetters(embedded);
    expect(letters).toEqual([...new Set(letters)]);
    expect(letters.length).toBe(embedded.tally('rejected:tip.served:invalid_event') + embedded.tally('rejected:tip.served:not_json') + embedded.tally('rejected:tip.feedback:not_json'));
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
    const forgotten = (partition: number) => ({ prunes: embedded.query(partition, 'SELECT * FROM prune ORDER BY seq'), closed: embedded.query(partition, 'SELECT user_id, decision_id, reward_tip_id, reward FROM closed_decision JOIN user USING (uid) ORDER BY user_id, decision_id') });
    for (const days of [70, 95, 120]) {
      nowMs = NOW + days * DAY;
      await embedded.produce('tip.served', ...Array.from({ length: 40 }, (_, i) => ({ user_id: `user-${i}`, tip_id: `new-${days}`, served_at_ms: nowMs - 1 })));
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
    expect(await rebuilt(embedded)).toMatchObject({ swapped: true, generation: 'gen-000001', previous: null, not_compared: [0, 1], changed_users: 0 });
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

describe('a rebuild that is ended', () => {
  it('at any batch goes on from there, and says so', async () => {
    const embedded = await withHistory();
    const before = liveContents(embedded);
    const notes: string[] = [];
    const runs: number[] = [];
    for (let done = false; !done; ) {
      const abort = new AbortController();
      let left = 12;
      const at = (point: FaultPoint) => {
        if (point === 'rebuild: batch committed' && --left === 0) abort.abort('SIGINT');
      };
      runs.push(notes.length);
      await rebuilt(embedded, { batchRecords: 20, signal: abort.signal, at, notes, dryRun: true }).then(() => (done = true), (error: unknown) => expect(error).toBe('SIGINT'));
      expect(liveContents(embedded)).toEqual(before);
      expect(currentGeneration(embedded.directory)).toBe('gen-000001');
    }
    expect(runs.length).toBeGreaterThan(4);
    const shares = notes.map((note) => Number(/^resuming gen-000002 at (\d+) %$/.exec(note)![1]));
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBeGreaterThan(shares[0]!);
    expect(await rebuilt(embedded, { notes })).toMatchObject({ swapped: true, resumed: true, records: 0 });
    expect(liveContents(embedded)).toEqual(before);
  });

  it.each<FaultPoint>(['rebuild: replayed', 'rebuild: compared', 'swap: tail folded', 'swap: carried over', 'swap: before flip', 'swap: after flip'])('at "%s" has swapped wholly or not at all, and the next one, or the next start, is right', async (point) => {
    const events = traffic(9);
    const embedded = await withHistory(events);
    await embedded.append(...events.next(150));
    await embedded.produce('tip.candidates', ...Array.from({ length: 5 }, (_, i) => request(i)));
    const at = (reached: FaultPoint) => {
      if (reached === point) throw new Error('ended by the test');
    };
    const before = liveContents(embedded);
    await expect(rebuilt(embedded, { at })).rejects.toThrow('ended by the test');
    const live = currentGeneration(embedded.directory);
    expect(live).toBe(point === 'swap: after flip' ? 'gen-000002' : 'gen-000001');
    if (live === 'gen-000001') expect(liveContents(embedded)).toEqual(before);
    // A start in between, of which the new generation knows nothing.
    await embedded.append(...events.next(50));
    await embedded.catchUp();
    await embedded.stop();
    const after = embedded.digest(NOW).digest;
    expect(await rebuilt(embedded)).toMatchObject({ swapped: true, changed_users: 0 });
    expect(embedded.digest(NOW).digest).toBe(after);
    await embedded.catchUp();
    const letters = await deadLetters(embedded);
    expect(letters).toEqual([...new Set(letters)]);
    const answers = await answersOf(embedded);
    expect(answers).toEqual([...new Set(answers)]);
    expect((await verified(embedded, { asOfMs: NOW })).equal).toBe(true);
  });

  it('is gone on with only when it is of the same log and definitions, and was nowhere ahead', async () => {
    const embedded = await withHistory();
    await rebuilt(embedded, { dryRun: true });
    const note = join(embedded.directory, 'state', 'gen-000002', 'rebuild.json');
    writeFileSync(note, JSON.stringify({ ...(JSON.parse(readFileSync(note, 'utf8')) as object), feature_set: 'other' }));
    const notes: string[] = [];
    expect(await rebuilt(embedded, { dryRun: true, notes })).toMatchObject({ resumed: false, generation: 'gen-000002' });
    expect(notes).toEqual(['gen-000002, which an earlier run began, is removed: it is of other feature definitions']);
    // Of another log: the record applied last is not the one that is there.
    plantNew(embedded, "UPDATE position SET last_hash = 'ffff' WHERE topic = 'tip.served'");
    notes.length = 0;
    const document = await rebuilt(embedded, { dryRun: true, notes });
    expect(document.records).toBeGreaterThan(500);
    expect(notes.slice(1)).toEqual([0, 1].map((partition) => `partition ${partition} is begun anew: what an earlier run left is of another log`));
    plantNew(embedded, "UPDATE position SET next_offset = next_offset + 1 WHERE topic = 'tip.candidates'");
    notes.length = 0;
    expect((await rebuilt(embedded, { notes })).records).toBe(document.records);
    expect(notes[1]).toMatch(/^partition 0 is begun anew: what an earlier run left had gone beyond tip.candidates/);
  });
});

function plantNew(embedded: EmbeddedService, sql: string): void {
  const live = readFileSync(join(embedded.directory, 'state', 'CURRENT'), 'utf8');
  writeFileSync(join(embedded.directory, 'state', 'CURRENT'), 'gen-000002\n');
  try {
    for (const user of ['user-0', 'user-1', 'user-2', 'user-3', 'user-4']) plant(embedded, user, sql);
  } finally {
    writeFileSync(join(embedded.directory, 'state', 'CURRENT'), live);
  }
}

describe('a rebuild that must not', () => {
  it('run beside another one, or with --to-offsets beside a service, is refused', async () => {
    const embedded = await withHistory();
    const other = lockRebuild(embedded.directory);
    await expect(rebuilt(embedded)).rejects.toMatchObject({ code: 'data_in_use', message: expect.stringMatching(/another rebuild is running/) as string });
    other.release();
    const { positions: to } = embedded.digest(NOW);
    const owner = lockData(embedded.directory, 1);
    await expect(rebuilt(embedded, { to })).rejects.toMatchObject({ code: 'data_in_use', message: expect.stringMatching(/a service runs on/) as string });
    expect(await rebuilt(embedded, { to, dryRun: true })).toMatchObject({ swapped: false, changed_users: 0 });
    owner.release();
    expect(currentGeneration(embedded.directory)).toBe('gen-000001');
  });

  it('swap, because the log has lost what was folded, says who would change, and does with --force', async () => {
    const embedded = await withHistory();
    const before = liveContents(embedded);
    expect((await rebuilt(embedded, { dryRun: true })).incomplete).toEqual([]);
    const [{ end } = { end: 0 }] = (await embedded.log.offsets('tip.served')).values();
    await embedded.log.truncateBefore('tip.served', 0, Math.floor(end / 2));
    removeOtherGenerations(embedded.directory);
    const document = await rebuilt(embedded);
    expect(document).toMatchObject({ swapped: false, incomplete: [`tip.served/0 begins at ${Math.floor(end / 2)}`] });
    expect(document.refused!.users).toBe(document.changed_users);
    expect(document.refused!.users).toBeGreaterThan(5);
    expect(document.refused!.user_ids).toEqual(document.changes.slice(0, 20).map(({ user_id }) => user_id));
    expect(liveContents(embedded)).toEqual(before);
    expect(currentGeneration(embedded.directory)).toBe('gen-000001');
    expect(await rebuilt(embedded, { force: true })).toMatchObject({ swapped: true, resumed: true, changed_users: document.changed_users, refused: null });
  });

  it('take another log for the one that was folded swaps only with --force, and then follows that log', async () => {
    const embedded = await withHistory();
    const folded = embedded.digest(NOW).positions;
    plant(embedded, 'user-1', "UPDATE position SET last_hash = 'ffff' WHERE topic IN ('tip.served', 'tip.candidates')");
    const partition = embedded.partitionOf('user-1');
    plant(embedded, 'user-1', `DELETE FROM tip WHERE uid = ${userRow('user-1')}`);
    const document = await rebuilt(embedded);
    expect(document.swapped).toBe(false);
    expect(document.refused!.incomplete).toEqual(expect.arrayContaining([expect.stringMatching(new RegExp(`^tip.served/${partition} holds another record at \\d+ than was folded`))]));
    const forced = await rebuilt(embedded, { force: true });
    expect(forced).toMatchObject({ swapped: true });
    // Nothing is known of which of that log's requests were answered: they are looked at again, and their answers are found.
    expect(forced.positions['tip.candidates']![partition]).toBe(0);
    expect(forced.positions['tip.served']).toEqual(folded['tip.served']);
    const answers = await answersOf(embedded);
    await embedded.catchUp();
    expect(await answersOf(embedded)).toEqual(answers);
  });
});

describe('--to-offsets', () => {
  it('stops there: the digest is what it was, and start goes on to what it is now', async () => {
    const events = traffic(11);
    const embedded = await withHistory(events);
    const then = embedded.digest(NOW);
    await embedded.append(...events.next(400));
    await embedded.catchUp();
    await embedded.stop();
    const now = embedded.digest(NOW);
    expect(now.digest).not.toBe(then.digest);
    const answers = await answersOf(embedded);
    const letters = await deadLetters(embedded);

    const document = await rebuilt(embedded, { to: then.positions });
    expect(document).toMatchObject({ swapped: true, compared_elsewhere: [0, 1] });
    expect(document.positions).toEqual(then.positions);
    expect(embedded.digest(NOW)).toEqual(then);
    await embedded.catchUp();
    await embedded.stop();
    expect(embedded.digest(NOW).digest).toBe(now.digest);
    expect(await answersOf(embedded)).toEqual(answers);
    expect(await deadLetters(embedded)).toEqual(letters);
    expect((await verified(embedded, { asOfMs: NOW })).equal).toBe(true);
  });

  it('refuses what is not in the log', async () => {
    const embedded = await withHistory();
    await expect(rebuilt(embedded, { to: { 'tip.unheard': { 0: 1 } } })).rejects.toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(/"tip.unheard" is not a topic/) as string });
    await expect(rebuilt(embedded, { to: { 'tip.served': { 7: 1 } } })).rejects.toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(/no partition 7/) as string });
    await expect(rebuilt(embedded, { to: { 'tip.served': { 0: 99_999 } } })).rejects.toMatchObject({ code: 'offset_out_of_range', message: expect.stringMatching(/the log holds 0 to \d+/) as string });
    expect(readdirSync(join(embedded.directory, 'state')).filter((name) => name.startsWith('gen-'))).toEqual(['gen-000001']);
  });
});

describe('a rebuild beside a running service', () => {
  it('is taken over by it between two batches, and reads go on', async () => {
    const events = traffic(13);
    const embedded = await withHistory(events);
    plant(embedded, 'user-7', `UPDATE tip SET served_at_ms = served_at_ms + 1 WHERE uid = ${userRow('user-7')} AND tip_id = 'learned-7'`);
    await embedded.start();
    const owner = lockData(embedded.directory, 1);
    await embedded.append(...events.next(100));
    await embedded.produce('tip.candidates', ...Array.from({ length: 5 }, (_, i) => request(i)));
    const notes: string[] = [];
    const document = await rebuilt(embedded, { notes });
    expect(document).toMatchObject({ swapped: true, changed_users: 1, previous: 'gen-000001' });
    expect(notes).toContain('the running service went over to gen-000002');
    expect(currentGeneration(embedded.directory)).toBe('gen-000002');
    expect(existsSync(join(embedded.directory, 'state', 'SWAP.json'))).toBe(false);
    await embedded.append(...events.next(100), recordOf('tip.served', { user_id: 'user-1', tip_id: 'after', served_at_ms: NOW - DAY }));
    await embedded.catchUp();
    owner.release();
    await embedded.stop();
    const answers = await answersOf(embedded);
    expect(answers).toEqual([...new Set(answers)]);
    const letters = await deadLetters(embedded);
    expect(letters).toEqual([...new Set(letters)]);
    expect((await verified(embedded, { asOfMs: NOW })).equal).toBe(true);
  });

  it('that does not answer is given up: the request is withdrawn, and nothing is swapped', async () => {
    const embedded = await withHistory();
    const owner = lockData(embedded.directory, 1);
    await expect(rebuilt(embedded, { swapWithinMs: 300 })).rejects.toMatchObject({ code: 'timeout' });
    const abort = new AbortController();
    await expect(rebuilt(embedded, { signal: abort.signal, at: (point) => point === 'swap: requested' && abort.abort('SIGINT') })).rejects.toBe('SIGINT');
    expect(readdirSync(join(embedded.directory, 'state')).filter((name) => name.startsWith('SWAP'))).toEqual([]);
    expect(currentGeneration(embedded.directory)).toBe('gen-000001');
    // It ends while the swap is asked for: the rebuild does it.
    const notes: string[] = [];
    expect(await rebuilt(embedded, { notes, at: (point) => point === 'swap: requested' && owner.release() })).toMatchObject({ swapped: true, resumed: true });
    expect(notes).toContain('the process that ran on the data directory has ended: swapping without it');
    expect(currentGeneration(embedded.directory)).toBe('gen-000002');
  });
});
