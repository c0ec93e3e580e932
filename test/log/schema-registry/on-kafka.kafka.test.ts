/** On Kafka: what serializers wrote reaches a group member and a reader with its payload, and waits while the registry is away. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.js';
import type { LogRecord } from '../../../src/log/port.js';
import { decodingLog } from '../../../src/log/schema-registry/decoding-log.js';
import { sharedBroker } from '../../support/broker/shared.js';
import { newTopic } from '../../support/broker/topics.js';
import { CollectingHandler } from '../../support/log/collecting-handler.js';
import { FIXTURE_RECORDS, FIXTURE_SCHEMAS } from '../../support/registry-fixtures.js';
import { StandInRegistry } from '../../support/stand-in-registry.js';

const brokers = await sharedBroker();
const eventOf = ({ payload }: LogRecord): unknown => (payload?.ok === true ? JSON.parse(payload.json.toString()) : null);

describe.skipIf(brokers === null)('a registry in front of Kafka', () => {
  it('is waited for by the partition that needs it, and then all comes in order', async () => {
    const registry = await StandInRegistry.open({ schemas: FIXTURE_SCHEMAS });
    onTestFinished(() => registry.goAway());
    const log = decodingLog(await openKafkaLog({ brokers: [brokers!] }), { urls: [registry.url], patienceMs: 10_000 });
    onTestFinished(() => log.close());
    const topic = await newTopic(log, 2);
    await registry.goAway();
    const handler = new CollectingHandler();
    const member = await log.join({ group: `registry-${topic}`, topics: [topic], handler });
    await log.append(FIXTURE_RECORDS.map(({ key, value, headers }) => ({ topic, partition: 0, key, value, headers })));
    await log.append([{ topic, partition: 1, key: null, value: Buffer.from('{}') }]);
    await expect.poll(() => member.silent!().get(0), { timeout: 30_000 }).toContain('waits for schema');
    await handler.until(() => handler.records.length === 1, 'what needs no schema');
    expect([handler.records[0]!.partition, member.silent!().has(1)]).toEqual([1, false]);
    await registry.comeBack();
    await handler.until(() => handler.records.length === FIXTURE_RECORDS.length + 1, 'all records');
    const delivered = handler.records.slice(1);
    expect(delivered.map(({ offset }) => offset)).toEqual(FIXTURE_RECORDS.map((_, offset) => offset));
    const read: LogRecord[] = [];
    for await (const some of log.read({ topic, partition: 0, from: 0, to: FIXTURE_RECORDS.length })) read.push(...some);
    for (const records of [delivered, read])
      for (const [i, { event, value }] of FIXTURE_RECORDS.entries()) {
        expect(records[i]!.value).toEqual(value);
        if (event !== null) expect(eventOf(records[i]!)).toMatchObject(event);
      }
    await member.stop();
  }, 60_000);
});
