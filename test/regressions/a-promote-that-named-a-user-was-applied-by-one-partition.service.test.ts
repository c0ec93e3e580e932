/**
 * A promote with a user_id was applied by that user's partition, reported as 100 percent, and completed by every start with records that
 * the decoder refused. One rule says for whom a control is, and no start writes what the workers would refuse.
 */
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { readDeadLetterReason } from '../../src/events/dead-letter.js';
import { createProducer } from '../../src/producer/producer.js';
import { produceLines } from '../../src/producer/produce-lines.js';
import { embeddedService } from '../support/embedded/directory.js';
import type { EmbeddedService } from '../support/embedded/service.js';

const AT = 1_795_900_000_000;
const SETTINGS = { epsilon: 0.2 };
const WITH_A_USER = [
  { type: 'promote', policy: 'egreedy-v2' },
  { type: 'promote', policy: 'egreedy-v2', percent: 10 },
  { type: 'rollback' },
  { type: 'configure', settings: SETTINGS },
] as const;

const bytes = (event: object) => Buffer.from(JSON.stringify(event));

async function startTwice(embedded: EmbeddedService): Promise<number[]> {
  const counts: number[] = [];
  for (let start = 0; start < 3; start++) {
    await embedded.catchUp();
    await embedded.stop();
    counts.push((await embedded.records('policy.control')).length + (await embedded.records('policy.control-dlt')).length);
  }
  return counts;
}

describe('a control for everybody that names a user', () => {
  it.each(WITH_A_USER)('is refused by the producers: %j', async (fields) => {
    const embedded = await embeddedService();
    const event = { control_id: 'c1', effective_at_ms: AT, user_id: 'ana', ...fields };
    await expect(createProducer(embedded.log).send('policy.control', event)).rejects.toMatchObject({
      code: 'invalid_event',
      message: expect.stringContaining('user_id: means something on reset and migrate only') as string,
    });
    async function* lines() {
      yield await Promise.resolve(JSON.stringify({ topic: 'policy.control', value: event }));
      yield JSON.stringify({ topic: 'policy.control', key: 'ana', value: { ...event, user_id: null } });
      yield JSON.stringify({ topic: 'policy.control', value: { ...event, user_id: null, policy: 'egreedy-v99' } });
    }
    const { accepted, errors } = await produceLines(embedded.log, lines(), { prefix: '' });
    expect([accepted, ...errors.map(({ code }) => code)]).toEqual([0, 'invalid_event', 'foreign_key', 'unknown_policy']);
  });

  it.each(WITH_A_USER)('is a dead letter where it is in the log, and a start writes nothing more: %j', async (fields) => {
    const embedded = await embeddedService();
    const value = bytes({ control_id: 'c1', effective_at_ms: AT, user_id: 'ana', ...fields });
    await embedded.append({ topic: 'policy.control', key: Buffer.from('ana'), value });
    expect(await startTwice(embedded)).toEqual([2, 2, 2]);
    const [letter] = await embedded.records('policy.control-dlt');
    expect(readDeadLetterReason(letter!.headers)).toMatchObject({ stage: 'validate', code: 'invalid_event' });
  });

  it('and that an earlier version folded, does not hold, is named, and is written nowhere', async () => {
    const embedded = await embeddedService({ clock: () => AT + 1000 });
    await embedded.catchUp();
    await embedded.stop();
    const kept = [
      { control_id: 'c1', type: 'promote', policy: 'egreedy-v2', user_id: 'ana', effective_at_ms: AT },
      { control_id: 'c2', type: 'promote', policy: 'egreedy-v99', effective_at_ms: AT },
      { control_id: 'c3', type: 'promote', policy: 'egreedy-v2', percent: 250, effective_at_ms: AT },
      { control_id: 'c4', type: 'configure', settings: SETTINGS, evidence: 'x'.repeat(1_100_000), effective_at_ms: AT },
    ];
    const db = new Database(embedded.statePath(0));
    const insert = db.prepare(
      'INSERT INTO control (control_id, uid, type, effective_at_ms, log_offset, record) VALUES (?, NULL, ?, ?, ?, ?)',
    );
    kept.forEach((one, offset) => insert.run(one.control_id, one.type, one.effective_at_ms, offset, JSON.stringify(one)));
    db.close();
    expect(await startTwice(embedded)).toEqual([0, 0, 0]);
    const named = embedded.logged.filter(({ msg }) => msg.includes('an earlier version accepted')).map(({ control_id: id }) => id);
    expect(named.slice(0, 4)).toEqual(['c1', 'c2', 'c3', 'c4']);
    const service = await embedded.start();
    await embedded.catchUp();
    const { policies } = await service.policies();
    expect(policies.find(({ policy }) => policy === 'egreedy-v1')!.live_percent).toBe(100);
  });

  it('shares its id with a reset in another partition: that is not written again at every start', async () => {
    const embedded = await embeddedService();
    await embedded.append({
      topic: 'policy.control',
      key: null,
      partition: 0,
      value: bytes({ control_id: 'c1', type: 'rollback', effective_at_ms: AT }),
    });
    await embedded.produce('policy.control', { control_id: 'c1', type: 'reset', user_id: 'd', effective_at_ms: AT });
    expect(await startTwice(embedded)).toEqual([2, 2, 2]);
  });
});
