/** Forgetting on Kafka: answers are without the user, readers of profile.features get a tombstone, and what lies there is counted. */
import { describe, expect, it } from 'vitest';
import type { ForgetResult } from '../../../src/forgetting/job.js';
import { sharedBroker } from '../../support/broker/shared.js';
import { toRecords, type ProduceLine } from '../../support/e2e/events.js';
import { Stream } from '../../support/e2e/stream.js';

const brokers = await sharedBroker();
const nowMs = Date.now();
const events = (user_id: string, tip_id: string): ProduceLine[] => [
  { topic: 'tip.served', value: { user_id, tip_id, served_at_ms: nowMs - 2_000 } },
  { topic: 'tip.feedback', value: { user_id, tip_id, action: 'done', reacted_at_ms: nowMs - 1_000 } },
];

describe.skipIf(brokers === null)('a user who is forgotten on Kafka', () => {
  it('is in no answer, has a tombstone, and the receipt counts what lies there and says until when', async () => {
    const stream = await Stream.open(brokers!, { partitions: 1 });
    await stream.log.append(toRecords(stream.prefix, [...events('ana', 'a1'), ...events('ana', 'a2'), ...events('otto', 'o1')]));
    await stream.log.append([{ topic: stream.topic('tip.served'), partition: 0, key: Buffer.from('ana'), value: Buffer.from('not json') }]);
    const member = stream.start();
    await member.untilRunning(1);
    const known = async () =>
      (await member.get('/v1/profiles/ana')).status === 200 && (await member.get('/v1/profiles/otto')).status === 200;
    await member.until(known, 'both profiles');
    const letters = async () => ((await member.get('/v1/dead-letters')).body as { letters: unknown[] }).letters.length;
    await member.until(async () => (await letters()) === 1, 'the dead letter');
    await member.until(
      async () => (await stream.records(stream.topic('profile.features'))).some(({ key }) => String(key) === 'ana'),
      'the published profile',
    );

    const forgot = await stream.run(['forget', 'ana', '--yes', '--json', '--reason', 'asked for it', '--data', member.directory]);
    expect(forgot.code, forgot.stderr).toBe(0);
    const result = JSON.parse(forgot.stdout) as ForgetResult;
    expect(result).toMatchObject({ found: true, in_state: true });
    const { remains, removed, others } = result.receipt!;
    expect(removed.records).toEqual([]);
    const there = new Map(remains.records.map((one) => [one.topic, one]));
    expect(there.get(stream.topic('tip.served'))).toMatchObject({ records: 3, retention_ms: -1, gone_after_ms: null });
    expect(there.get(stream.topic('tip.feedback'))).toMatchObject({ records: 2, cleanup_policy: 'delete' });
    expect(there.get(stream.topic('profile.features'))!.how_to_remove).toContain('The newest is a tombstone');
    expect(others!.digest_after).toBe(others!.digest_before);
    expect((await member.get('/v1/profiles/ana')).status).toBe(404);
    expect((await member.get('/v1/profiles/otto')).status).toBe(200);
    expect(await letters()).toBe(0);
    expect((await member.get(`/v1/events/${stream.topic('tip.served')}/0/0`)).body).toMatchObject({ error: { code: 'not_found' } });
    const newest = (await stream.records(stream.topic('profile.features'))).filter(({ key }) => String(key) === 'ana').at(-1)!;
    expect(newest.value).toBeNull();

    await stream.log.append(toRecords(stream.prefix, events('ana', 'later')));
    await member.until(async () => (await member.get('/v1/profiles/ana')).status === 200, 'the new beginning');
    const { features } = (await member.get('/v1/profiles/ana')).body as { features: Record<string, number> };
    expect(features['tip_volume_30d']).toBe(1);
    expect(await member.stop()).toBe(0);
  });
});
