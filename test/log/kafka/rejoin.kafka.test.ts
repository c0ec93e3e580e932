/**
 * A join of the group that fails half-way, as when the broker is killed while members come back: the member has to join in the end,
 * whatever the coordinator remembers of it.
 */
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.js';
import type { Log, NewRecord } from '../../../src/log/port.js';
import { CollectingHandler } from '../../support/log/collecting-handler.js';
import { sharedBroker } from '../../support/broker/shared.js';
import { newTopic } from '../../support/broker/topics.js';

type Request = 'heartbeat' | 'joinGroup' | 'syncGroup';
type Requests = Record<Request, (this: unknown, options: { groupId: string }) => Promise<unknown>>;

const require = createRequire(import.meta.url);
const kafkajsBroker = (require('kafkajs/src/broker') as { prototype: Requests }).prototype;
const { KafkaJSConnectionClosedError } = require('kafkajs/src/errors') as {
  KafkaJSConnectionClosedError: new (message: string, at: { host: string; port: number }) => Error;
};
const { createErrorFromCode } = require('kafkajs/src/protocol/error') as { createErrorFromCode(code: number): Error };
const NOT_COORDINATOR = 16;
const UNKNOWN_MEMBER_ID = 25;

const brokers = await sharedBroker();
const genuine: Requests = { heartbeat: kafkajsBroker.heartbeat, joinGroup: kafkajsBroker.joinGroup, syncGroup: kafkajsBroker.syncGroup };

/** The next answers to the group's requests of that kind are errors; what the broker makes of them is lost. */
function failNext(group: string, request: Request, errors: Error[], reaches: 'the broker' | 'nobody' = 'nobody'): Error[] {
  kafkajsBroker[request] = async function (options) {
    const error = options.groupId === group ? errors.shift() : undefined;
    if (error === undefined) return genuine[request].call(this, options);
    if (reaches === 'the broker') await genuine[request].call(this, options);
    throw error;
  };
  return errors;
}

const closed = (): Error => new KafkaJSConnectionClosedError('Closed connection', { host: '127.0.0.1', port: 1 });

describe.skipIf(brokers === null)('a member whose join fails half-way', () => {
  let log: Log;
  let topic: string;
  let written = 0;
  const warnings: string[] = [];
  const records = (count: number): NewRecord[] =>
    Array.from({ length: count }, () => ({ topic, partition: written++ % 2, key: null, value: Buffer.from(String(written)) }));

  beforeAll(async () => {
    log = await openKafkaLog({ brokers: [brokers!], log: (level, message) => void (level === 'warn' && warnings.push(message)) });
  });
  afterAll(() => log?.close());
  afterEach(() => void Object.assign(kafkajsBroker, genuine));

  it.each([
    ['after the coordinator was not to be found', createErrorFromCode(NOT_COORDINATOR), 'joinGroup'],
    ['after the coordinator had forgotten it', createErrorFromCode(UNKNOWN_MEMBER_ID), 'joinGroup'],
    ['when it is told its partitions', createErrorFromCode(NOT_COORDINATOR), 'syncGroup'],
  ] as const)('is given records again %s', async (_, heartbeatError, request) => {
    topic = await newTopic(log, 2);
    written = 0;
    const group = `group-${randomUUID()}`;
    const handler = new CollectingHandler();
    const member = await log.join({ group, topics: [topic], handler });
    await log.append(records(10));
    await handler.until(() => handler.records.length === 10, 'the first records');

    const heartbeats = failNext(group, 'heartbeat', [heartbeatError]);
    const joins = failNext(group, request, [closed(), closed()], request === 'syncGroup' ? 'the broker' : 'nobody');
    await expect.poll(() => [heartbeats, joins], { timeout: 60_000 }).toEqual([[], []]);
    await log.append(records(10));
    await handler.until(() => handler.records.length === 20, 'the records after it');
    expect(handler.failures).toEqual([]);
    expect([...member.silent!()]).toEqual([]);
    await member.stop();
  });

  it('says that nothing comes while its joins fail, and can be stopped', async () => {
    topic = await newTopic(log, 2);
    const group = `group-${randomUUID()}`;
    const handler = new CollectingHandler();
    const member = await log.join({ group, topics: [topic], handler });
    const heartbeats = failNext(group, 'heartbeat', [createErrorFromCode(NOT_COORDINATOR)]);
    const joins = failNext(group, 'joinGroup', Array.from({ length: 10_000 }, closed));
    await expect.poll(() => heartbeats.length === 0 && joins.length < 10_000, { timeout: 60_000 }).toBe(true);
    await expect
      .poll(() => [...member.silent!()], { timeout: 60_000 })
      .toEqual([0, 1].map((partition) => [partition, expect.stringContaining('has not confirmed')]));
    await expect
      .poll(() => warnings, { timeout: 60_000 })
      .toEqual(expect.arrayContaining(['Joining the group failed and is tried again', 'Nothing comes of partitions that are held']));
    await member.stop();
    const left = joins.length;
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(joins.length).toBeGreaterThanOrEqual(left - 1);
    expect(handler.failures).toEqual([]);
  });
});
