/** Forgetting on Kafka: answers are without the user, readers of profile.features get a tombstone, and what lies there is counted. */
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ReceiptCheck } from '../../../src/forgetting/check.js';
import type { ForgetResult } from '../../../src/forgetting/job.js';
import { partitionFor } from '../../../src/log/partitioner.js';
import { sharedBroker } from '../../support/broker/shared.js';
import { toRecords, type ProduceLine } from '../../support/e2e/events.js';
import type { HttpAnswer } from '../../support/e2e/member.js';
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

    const reset = await fetch(`${await member.address()}/reset`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user_id: 'ana' }),
    });
    expect(reset.status).toBe(200);
    const audited = async () => JSON.stringify((await member.get('/v1/audit')).body);
    expect(await audited()).toContain('"id":"ana"');
    await member.until(
      async () => (await stream.records(stream.topic('policy.control'))).some(({ key }) => String(key) === 'ana'),
      'the reset as a record',
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
    expect(await audited()).not.toContain('"id":"ana"');
    for (const path of ['/v1/profiles/ana', `/v1/profiles/ana?as_of_ms=${nowMs}`, '/v1/users/ana/provenance', '/v1/users/ana/decisions'])
      expect(answered(await member.get(path)), path).toBe(answered(await member.get(path.replace('ana', 'nobody'))));
    for (const argv of [['audit'], ['dead-letters', 'list'], ['export', '--as-of', String(nowMs)]]) {
      const shown = await stream.run([...argv, '--data', member.directory]);
      expect(shown.code, shown.stderr).toBe(0);
      expect(shown.stdout, argv.join(' ')).not.toContain('ana');
    }
    const redriven = await stream.run(['dead-letters', 'redrive', `${stream.topic('tip.served-dlt')}/0/0`, '--data', member.directory]);
    expect(redriven).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no dead letter') as string });
    const newest = (await stream.records(stream.topic('profile.features'))).filter(({ key }) => String(key) === 'ana').at(-1)!;
    expect(newest.value).toBeNull();

    await stream.log.append(toRecords(stream.prefix, events('ana', 'later')));
    await member.until(async () => (await member.get('/v1/profiles/ana')).status === 200, 'the new beginning');
    const { features } = (await member.get('/v1/profiles/ana')).body as { features: Record<string, number> };
    expect(features['tip_volume_30d']).toBe(1);
    expect(await member.stop()).toBe(0);
  });

  it('is forgotten by the member that holds the partition, whichever is asked, and a check finds what lies on Kafka', async () => {
    const stream = await Stream.open(brokers!, { partitions: 2 });
    const users = ['ana', 'otto', 'mia', 'ben', 'eva', 'kim'];
    await stream.log.append(users.flatMap((user) => toRecords(stream.prefix, events(user, 't1'))));
    const members = [stream.start(), stream.start()] as const;
    for (const member of members) await member.untilRunning(1);
    const [asked, other] = members;
    const [{ partition }] = (await other.status()).partitions as unknown as [{ readonly partition: number }];
    const user = users.find((id) => partitionFor('murmur2', Buffer.from(id), 2) === partition)!;
    await other.until(async () => (await other.get(`/v1/profiles/${user}`)).status === 200, 'the profile');
    const forgot = await stream.run(['forget', user, '--yes', '--json', '--data', asked.directory]);
    expect(forgot.code, forgot.stderr).toBe(0);
    const { receipt } = JSON.parse(forgot.stdout) as ForgetResult;
    expect(receipt!.event.partition).toBe(partition);
    expect(receipt!.remains.not_known.join(' ')).toContain('other members of the group');
    expect((await other.get(`/v1/profiles/${user}`)).status).toBe(404);
    const file = stream.directory('receipt.json');
    writeFileSync(file, JSON.stringify(receipt));
    for (const { directory } of members) {
      const checked = await stream.run(['forget', user, '--check', file, '--json', '--data', directory]);
      expect(checked.code, checked.stderr).toBe(2);
      const { intact, event_in_log, found } = JSON.parse(checked.stdout) as ReceiptCheck;
      expect({ intact, event_in_log, files: found.state_files }).toEqual({ intact: true, event_in_log: true, files: [] });
      expect(found.records.map(({ topic }) => topic)).toEqual(
        expect.arrayContaining([stream.topic('tip.served'), stream.topic('tip.feedback'), stream.topic('profile.features')]),
      );
    }
    for (const member of members) expect(await member.stop()).toBe(0);
  });
});

/** Without who was asked about, and when. */
const answered = ({ status, body }: HttpAnswer): string =>
  `${status} ${JSON.stringify(body)
    .replace(/nobody|ana/g, 'WHO')
    .replace(/\d{13}|\d{4}-[\d-]+T[\d:.]+Z/g, 'WHEN')}`;
