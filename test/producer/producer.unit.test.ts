import { describe, expect, test } from 'vitest';
import { createProducer } from '../../src/producer/producer.js';
import { FakeLog } from '../support/log/fake-log.js';

const SERVED = { tip_id: 't1', user_id: 'ann', served_at_ms: 5 };

describe('the audit trail', () => {
  test('is not for programs to write: neither by name nor as the type of an event', async () => {
    const fake = new FakeLog();
    const producer = createProducer(fake.log);
    // @ts-expect-error: no producer takes it
    await expect(producer.send('tipstream.audit', {})).rejects.toMatchObject({ code: 'forbidden' });
    expect(fake.records).toEqual([]);
  });
});

describe('send', () => {
  test('writes one record, keyed by the user, and answers its address', async () => {
    const fake = new FakeLog();
    const addresses = await createProducer(fake.log, { prefix: 'signals.' }).send('tip.served', SERVED, {
      timestampMs: 9,
      headers: [['a', Buffer.from('b')]],
    });
    expect(addresses).toMatchObject([{ topic: 'signals.tip.served', offset: 0 }]);
    expect(fake.records).toMatchObject([
      { key: Buffer.from('ann'), timestampMs: 9, headers: [['a', Buffer.from('b')]], value: Buffer.from(JSON.stringify(SERVED)) },
    ]);
  });

  test('writes a control event for everybody once per partition', async () => {
    const fake = new FakeLog({ partitions: 3 });
    const producer = createProducer(fake.log);
    expect(
      await producer.send('policy.control', { control_id: 'c', type: 'promote', policy: 'egreedy-v2', effective_at_ms: 1 }),
    ).toHaveLength(3);
    expect(await producer.send('policy.control', { control_id: 'd', type: 'reset', user_id: 'ann', effective_at_ms: 1 })).toHaveLength(1);
  });

  test('throws invalid_event and writes nothing', async () => {
    const fake = new FakeLog();
    const producer = createProducer(fake.log);
    await expect(producer.send('tip.served', { ...SERVED, served_at_ms: 1.5 })).rejects.toMatchObject({
      code: 'invalid_event',
      message: expect.stringMatching(/^tip\.served: served_at_ms: expected int/) as string,
      details: { topic: 'tip.served', stage: 'validate', reason: 'invalid_event' },
    });
    await expect(producer.send('tip.served', { ...SERVED, utc_offset_min: NaN })).rejects.toMatchObject({
      message: 'tip.served: utc_offset_min: a number is NaN; expected a finite one',
    });
    expect(fake.records).toEqual([]);
  });

  test('refuses what JSON cannot hold instead of overflowing', async () => {
    const evidence: Record<string, unknown> = {};
    evidence.self = evidence;
    const sending = createProducer(new FakeLog().log).send('policy.control', {
      control_id: 'c',
      type: 'rollback',
      effective_at_ms: 1,
      evidence,
    });
    await expect(sending).rejects.toMatchObject({ code: 'invalid_event', message: expect.stringContaining('nested deeper') as string });
  });
});

test('sendAll writes all in order, or none', async () => {
  const fake = new FakeLog();
  const producer = createProducer(fake.log);
  const feedback = { tip_id: 't1', user_id: 'ann', action: 'done' as const, reacted_at_ms: 6 };
  await producer.sendAll([
    { topic: 'tip.served', event: SERVED },
    { topic: 'tip.feedback', event: feedback, timestampMs: 4 },
  ]);
  expect(fake.records).toMatchObject([{ topic: 'tip.served' }, { topic: 'tip.feedback', timestampMs: 4 }]);
  await expect(
    producer.sendAll([
      { topic: 'tip.served', event: SERVED },
      { topic: 'tip.feedback', event: { ...feedback, user_id: '' } },
    ]),
  ).rejects.toMatchObject({ code: 'invalid_event' });
  expect(fake.records).toHaveLength(2);
});
