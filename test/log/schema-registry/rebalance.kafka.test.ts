/** On Kafka: partitions are dealt out anew while the registry is away and some of what was fetched of them is kept back. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.js';
import type { GroupMember, Log, NewRecord } from '../../../src/log/port.js';
import { decodingLog } from '../../../src/log/schema-registry/decoding-log.js';
import { sharedBroker } from '../../support/broker/shared.js';
import { newTopic } from '../../support/broker/topics.js';
import { CollectingHandler } from '../../support/log/collecting-handler.js';
import { FIXTURE_SCHEMAS, fixture } from '../../support/registry-fixtures.js';
import { StandInRegistry } from '../../support/stand-in-registry.js';

const brokers = await sharedBroker();
const PARTITIONS = 4;
const PATIENCE = { timeout: 60_000 };

interface Member {
  readonly member: GroupMember;
  readonly handler: CollectingHandler;
  readonly log: Log;
}

async function openLog(registry: StandInRegistry): Promise<Log> {
  const log = decodingLog(await openKafkaLog({ brokers: [brokers!] }), { urls: [registry.url], patienceMs: 10_000, timeoutMs: 500 });
  onTestFinished(() => log.close());
  return log;
}

/** Each third needs a schema, the first of all too. */
const records = (topic: string, from: number, count: number): NewRecord[] =>
  Array.from({ length: PARTITIONS * count }, (_, i) => {
    const offset = from + Math.floor(i / PARTITIONS);
    const { key, value } = fixture('avro');
    return { topic, partition: i % PARTITIONS, key, value: offset % 3 === 0 ? value : Buffer.from(`{"n":${offset}}`) };
  });

/** Of one partition, in the order in which they were delivered. */
const offsetsOf = ({ handler }: Member, partition: number): number[] =>
  handler.records.filter((record) => record.partition === partition).map(({ offset }) => offset);
const waiting = ({ member }: Member): number[] => [...member.silent!().keys()].sort();
const upTo = (end: number): number[] => Array.from({ length: end }, (_, offset) => offset);

describe.skipIf(brokers === null)('a rebalance while the registry is away', () => {
  it('hands over partitions that wait: the new owner alone delivers what was kept of them', async () => {
    const registry = await StandInRegistry.open({ schemas: FIXTURE_SCHEMAS });
    onTestFinished(() => registry.goAway());
    const topic = await newTopic(await openLog(registry), PARTITIONS);
    const group = `registry-${randomUUID()}`;
    const join = async (): Promise<Member> => {
      const [log, handler] = [await openLog(registry), new CollectingHandler()];
      return { log, handler, member: await log.join({ group, topics: [topic], handler }) };
    };
    await registry.goAway();
    const first = await join();
    await first.log.append(records(topic, 0, 10));
    await expect.poll(() => waiting(first), PATIENCE).toEqual(upTo(PARTITIONS));

    const second = await join();
    await expect.poll(() => [first.handler.assigned.length, second.handler.assigned.length], PATIENCE).toEqual([2, 2]);
    await expect.poll(() => waiting(first).concat(waiting(second)).sort(), PATIENCE).toEqual(upTo(PARTITIONS));
    expect(waiting(first)).toEqual([...first.handler.assigned].sort());
    expect(first.log.registryFacts!()).toMatchObject({ waiting: 2 });
    await first.log.append(records(topic, 10, 10));
    expect([first.handler.records, second.handler.records]).toEqual([[], []]);

    await registry.comeBack();
    const all = () => [first, second].flatMap((member) => member.handler.assigned.map((partition) => offsetsOf(member, partition).length));
    await expect.poll(all, PATIENCE).toEqual([20, 20, 20, 20]);
    for (const member of [first, second]) {
      for (const partition of upTo(PARTITIONS))
        expect(offsetsOf(member, partition)).toEqual(member.handler.assigned.includes(partition) ? upTo(20) : []);
      expect(member.handler.failures).toEqual([]);
    }

    // Away again, as the member leaves that holds what waits.
    await registry.goAway();
    await second.log.append(records(topic, 20, 1).map((record) => ({ ...record, value: Buffer.from([0, 0, 0, 0, 2, 1]) })));
    await expect.poll(() => waiting(first).length + waiting(second).length, PATIENCE).toBe(PARTITIONS);
    await second.member.stop();
    expect(second.log.registryFacts!()).toMatchObject({ waiting: 0 });
    await expect.poll(() => waiting(first), PATIENCE).toEqual(upTo(PARTITIONS));
    await registry.comeBack();
    await expect.poll(() => upTo(PARTITIONS).map((partition) => offsetsOf(first, partition).length), PATIENCE).toEqual([21, 21, 21, 21]);
    for (const partition of upTo(PARTITIONS)) expect(offsetsOf(first, partition)).toEqual(upTo(21));
    expect(first.handler.failures).toEqual([]);
    await first.member.stop();
  }, 180_000);
});
