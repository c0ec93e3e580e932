/**
 * verify and `rebuild --dry-run` compared users, and said equal of a request without a decision, a decision that was nowhere in the log,
 * rows in the outbox and for the shadow that nothing accounts for, a refused record without a dead letter, and wrong counts.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { deadLetterHeaders } from '../../src/events/dead-letter.js';
import type { Difference } from '../../src/verify/difference.js';
import { embeddedService } from '../support/embedded/directory.js';
import { recordOf, type EmbeddedService } from '../support/embedded/service.js';
import { plant, verified } from '../support/planted-state.js';
import { rebuilt } from '../support/rebuilds.js';

const NOW = 1_796_000_000_000;
const candidates = [{ tip_id: 'c1', is_overdue: true, task_age_days: 2, priority: 3 }];
const request = (user: string, decision: string) => ({ user_id: user, decision_id: decision, requested_at_ms: NOW - 5_000, candidates });
const PARTITION = 0;

let embedded: EmbeddedService;

/** One partition, all kinds of events, a shadow, and a refused record in every topic; applied, answered and read back. */
beforeEach(async () => {
  embedded = await embeddedService({ partitions: 1, clock: () => NOW, settings: { shadow: 'egreedy-v2' } });
  await embedded.produce('tip.candidates', request('ana', 'd1'), request('ben', 'd2'), request('ben', 'd2'));
  await embedded.produce('tip.served', { user_id: 'ana', tip_id: 'c1', served_at_ms: NOW - 4_000, decision_id: 'd1' });
  await embedded.produce('tip.feedback', { user_id: 'ana', tip_id: 'c1', action: 'done', reacted_at_ms: NOW - 3_000 });
  for (const topic of ['tip.candidates', 'tip.served', 'tip.feedback', 'tip.scored', 'tip.scored.shadow', 'policy.control'])
    await embedded.append(recordOf(topic, { user_id: 'ana', nonsense: topic }));
  await embedded.catchUp();
  await embedded.stop();
});

/** `kind id feature topic/offset` of what each of the two finds; both must find the same. */
async function found(): Promise<string[]> {
  const names = (differences: readonly Pick<Difference, 'kind' | 'id' | 'feature' | 'events'>[]) =>
    differences.map(({ kind, id, feature, events }) =>
      [kind, id, feature, ...events.map(({ topic, offset }) => `${topic}/${offset}`)].filter((part) => part !== null).join(' '),
    );
  const document = await verified(embedded, { asOfMs: NOW });
  expect(document.equal).toBe(document.difference_count === 0);
  const dry = await rebuilt(embedded, { dryRun: true });
  expect(dry.changed_users).toBe(0);
  expect(names(dry.differences)).toEqual(names(document.differences));
  expect(dry.could_not_tell.map(({ kind }) => kind)).toEqual(document.could_not_tell.map(({ kind }) => kind));
  return names(document.differences);
}

const sql = (text: string, ...parameters: readonly unknown[]) => plant(embedded, 'ana', text, ...parameters);
const seqOf = (table: string) => embedded.query<{ seq: number }>(PARTITION, `SELECT max(seq) AS seq FROM ${table}`)[0]!.seq;

describe('verify and a dry rebuild', () => {
  it('say equal of a state that is right, and name the count that no log tells', async () => {
    expect(await found()).toEqual([]);
    expect((await verified(embedded, { asOfMs: NOW })).could_not_tell).toEqual([
      { partition: 0, kind: 'count', topic: null, count: 1, reason: 'The log does not tell candidates_repeated.' },
    ]);
  });

  it('find a request below the position that nobody answered', async () => {
    await embedded.produce('tip.candidates', request('cid', 'd3'));
    sql("UPDATE position SET next_offset = 5 WHERE topic = 'tip.candidates'");
    sql("UPDATE tally SET count = 4 WHERE name = 'applied:tip.candidates'");
    expect(await found()).toEqual(['request d3 decision tip.candidates/4']);
  });

  it('find a decision that is neither in the log nor in the outbox', async () => {
    const [row] = embedded.query<{ record: string }>(PARTITION, "SELECT record FROM decision WHERE decision_id = 'd1'");
    const record = JSON.stringify({ ...(JSON.parse(row!.record) as object), decision_id: 'd9' });
    const insert = "INSERT INTO decision (uid, decision_id, policy, requested_at_ms, record) SELECT uid, 'd9', policy, requested_at_ms, ? ";
    sql(`${insert} FROM decision WHERE decision_id = 'd1'`, record);
    expect(await found()).toEqual(['decision d9 message tip.candidates/0']);
    // In the outbox, or in the log beyond the position, it is on its way.
    const message = { topic: 'tip.scored', key: Buffer.from('ana'), value: Buffer.from(record) };
    sql('INSERT INTO outbox (topic, key, value) VALUES (?, ?, ?)', message.topic, message.key, message.value);
    expect(await found()).toEqual([]);
    sql('DELETE FROM outbox');
    await embedded.append(message);
    expect(await found()).toEqual([]);
  });

  it.each([
    ['a topic that tipstream does not write', 'other.topic', 'ana', '{}', 'other.topic'],
    ['an answer to nothing', 'tip.scored', 'ana', JSON.stringify({ user_id: 'ana', decision_id: 'ghost' }), 'tip.scored'],
    ["an answer under another user's key", 'tip.scored', 'ben', JSON.stringify({ user_id: 'ana', decision_id: 'd1' }), 'tip.scored'],
    ["a shadow's answer to nothing", 'tip.scored.shadow', 'ana', '{"user_id":"ana","decision_id":"ghost"}', 'tip.scored.shadow'],
    ['a profile of nobody', 'profile.features', 'zoe', '{"user_id":"zoe","positions":{}}', 'profile.features'],
    ['a dead letter without a reason', 'tip.served-dlt', 'ana', '{}', 'tip.served-dlt'],
  ])('find %s in the outbox', async (_, topic, key, value, feature) => {
    sql('INSERT INTO outbox (topic, key, value) VALUES (?, ?, ?)', topic, Buffer.from(key), Buffer.from(value));
    expect(await found()).toEqual([`outbox ${seqOf('outbox')} ${feature}`]);
  });

  it('find a dead letter of a valid event, of no record, and a second one of the same', async () => {
    const letter = (offset: number) => {
      const reason = {
        topic: 'tip.served',
        partition: 0,
        offset,
        group: 'g',
        stage: 's',
        code: 'c',
        message: 'm',
        failedAtMs: 1,
        redriveCount: 0,
      };
      const headers = deadLetterHeaders([], reason).map(([name, text]) => [name, text!.toString('base64')]);
      sql('INSERT INTO outbox (topic, key, value, headers) VALUES (?, NULL, NULL, ?)', 'tip.served-dlt', JSON.stringify(headers));
      return seqOf('outbox');
    };
    const [valid, beyond, refused, again] = [letter(0), letter(77), letter(1), letter(1)];
    expect(refused).toBeLessThan(again);
    expect(await found()).toEqual([
      `outbox ${valid} tip.served-dlt tip.served/0`,
      `outbox ${beyond} tip.served-dlt tip.served/77`,
      `outbox ${again} tip.served-dlt tip.served/1`,
    ]);
  });

  it('find rows for the shadow that nothing accounts for', async () => {
    const job = (more: object) => sql('INSERT INTO shadow_pending (job) VALUES (?)', JSON.stringify(more));
    job({ candidates: request('ana', 'ghost') });
    job({ candidates: request('ana', 'd1') });
    job({});
    const last = seqOf('shadow_pending');
    expect((await found()).sort()).toEqual([
      `shadow_pending ${last - 2} decision`,
      `shadow_pending ${last - 1} job`,
      `shadow_pending ${last} job`,
    ]);
  });

  it('find every refused record that has no dead letter, unless its topic has lost some', async () => {
    for (const topic of ['tip.served', 'tip.candidates', 'policy.control']) {
      const { end } = (await embedded.log.offsets(topic)).get(PARTITION)!;
      await embedded.append(recordOf(topic, { user_id: 'ana', later: true }));
      sql('UPDATE position SET next_offset = ? WHERE topic = ?', end + 1, topic);
      sql(`UPDATE tally SET count = count + 1 WHERE name LIKE 'rejected:' || ? || ':%'`, topic);
    }
    expect((await found()).sort()).toEqual([
      'dead_letter invalid_event policy.control/1',
      'dead_letter invalid_event tip.candidates/4',
      'dead_letter invalid_event tip.served/2',
    ]);
    await embedded.log.truncateBefore('tip.served-dlt', PARTITION, 1);
    const { differences, could_not_tell: untold } = await verified(embedded, { asOfMs: NOW });
    expect(differences.map(({ kind, events }) => [kind, events[0]?.topic])).toEqual([
      ['dead_letter', 'policy.control'],
      ['dead_letter', 'tip.candidates'],
    ]);
    expect(untold.find(({ kind }) => kind === 'dead_letter')).toEqual({
      partition: 0,
      kind: 'dead_letter',
      topic: 'tip.served-dlt',
      count: 2,
      reason: 'tip.served-dlt partition 0 begins at offset 1. The dead letter may have been there.',
    });
  });

  it('find every count behind /metrics that is wrong, missing or too many', async () => {
    const counts = embedded.query<{ name: string; count: number }>(PARTITION, 'SELECT name, count FROM tally ORDER BY name');
    expect(counts.map(({ name }) => name)).toEqual(expect.arrayContaining(['decisions', 'shadow_compared', 'applied:tip.served']));
    for (const { name, count } of counts.filter((one) => one.name !== 'candidates_repeated')) {
      for (const wrong of [count + 1, count - 1]) {
        sql('UPDATE tally SET count = ? WHERE name = ?', wrong, name);
        expect(await found(), name).toEqual([`count ${name} count`]);
      }
      sql('UPDATE tally SET count = ? WHERE name = ?', count, name);
    }
    sql("INSERT INTO tally VALUES ('rejected:tip.served:not_json', 3)");
    expect(await found()).toEqual(['count rejected:tip.served:not_json count']);
  });

  it('say nothing of messages that a kill left unpublished, nor of a log that is further than the state', async () => {
    await embedded.start();
    embedded.faults.failAppends(0, 'refused');
    await embedded.produce('tip.candidates', request('dan', 'd4'), request('eve', 'd5'));
    await embedded.append(recordOf('tip.served', { user_id: 'dan', refused: true }));
    await expect.poll(() => embedded.query(PARTITION, 'SELECT 1 FROM outbox').length, { timeout: 10_000 }).toBeGreaterThan(1);
    await embedded.kill();
    expect(await found()).toEqual([]);
    await embedded.produce('tip.candidates', request('fay', 'd6'));
    expect(await found()).toEqual([]);
    await embedded.catchUp();
    await embedded.stop();
    expect(await found()).toEqual([]);
  });
});
