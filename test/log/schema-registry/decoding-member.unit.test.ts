/** Between a group and its handler, while schemas are asked for: order, pauses, and partitions that are given up meanwhile. */
import { expect, it } from 'vitest';
import type { Delivery, GroupMember, GroupOptions, LogRecord, PartitionHandler } from '../../../src/log/port.js';
import { runOf } from '../../../src/log/record-run.js';
import { joinDecoding } from '../../../src/log/schema-registry/decoding-member.js';
import { Payloads, type Wait } from '../../../src/log/schema-registry/payloads.js';
import type { Schemas } from '../../../src/log/schema-registry/schemas.js';
import { TipstreamError } from '../../../src/errors.js';
import { framed } from '../../support/registry-fixtures.js';

const AWAY = new TipstreamError('schema_registry_unavailable', 'the registry is away');

/** Payloads whose registry answers when the test says. */
class Asked extends Payloads {
  answer: (found: readonly LogRecord[] | Error) => void = () => undefined;
  asked = 0;

  override attach(records: readonly LogRecord[]): readonly LogRecord[] | undefined {
    return records.some(({ value }) => value?.[0] === 0) ? undefined : records;
  }

  override resolve(records: readonly LogRecord[], { signal, onWait }: Wait): Promise<readonly LogRecord[]> {
    this.asked++;
    onWait?.({ error: AWAY, schema: { id: 1 }, attempt: 1 });
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
      this.answer = (found) => (found instanceof Error ? reject(found) : resolve(found.length === 0 ? records : found));
    });
  }
}

const delivery = (topic: string, offset: number, value = 'plain'): Delivery => {
  const record = {
    topic,
    partition: 0,
    offset,
    timestampMs: 0,
    key: null,
    headers: [],
    value: value === 'avro' ? framed(1, 'x') : Buffer.from('{}'),
  };
  return { topic, partition: 0, fromOffset: offset, nextOffset: offset + 1, endOffset: 9, records: runOf([record]) };
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

async function joined(takes: (delivery: Delivery) => boolean = () => true) {
  const events: string[] = [];
  const lines: string[] = [];
  let waiting = 0;
  let inner!: PartitionHandler;
  const handler: PartitionHandler = {
    positions: () => new Map(),
    ready: () => undefined,
    deliver: (one) => {
      events.push(`${one.topic}/${one.fromOffset}`);
      return takes(one);
    },
    revoked: (partition) => void events.push(`revoked ${partition}`),
    failed: (error, partition) => void events.push(`failed ${partition}: ${error.message}`),
  };
  const group = {
    resume: (topic: string) => void events.push(`resume ${topic}`),
    stopPartition: () => void events.push('stopped'),
    stop: () => Promise.resolve(void events.push('left')),
  } as unknown as GroupMember;
  const payloads = new Asked(undefined as unknown as Schemas);
  const log = {
    join: (options: GroupOptions) => {
      inner = options.handler;
      return Promise.resolve(group);
    },
  };
  const member = await joinDecoding(
    log,
    { group: 'g', topics: ['a', 'b'], handler },
    { payloads, log: (level, message) => void lines.push(`${level}: ${message}`), onWaiting: (change) => void (waiting += change) },
  );
  return { inner, member, payloads, events, lines, waiting: () => waiting };
}

it('what needs no schema goes straight through, and the answer of the handler with it', async () => {
  const { inner, events } = await joined(({ topic }) => topic === 'a');
  expect([inner.deliver(delivery('a', 0)), inner.deliver(delivery('b', 0))]).toEqual([true, false]);
  expect(events).toEqual(['a/0', 'b/0']);
});

it('a partition waits as a whole, says why, and goes on in order', async () => {
  const { inner, member, payloads, events, lines, waiting } = await joined();
  expect([inner.deliver(delivery('a', 0, 'avro')), inner.deliver(delivery('b', 0))]).toEqual([false, false]);
  member.resume('b', 0);
  expect(events).toEqual([]);
  expect(member.silent!()).toEqual(new Map([[0, 'a record of a waits for schema id 1: the registry is away']]));
  expect([waiting(), lines]).toEqual([1, ['warn: partition 0 waits for the Schema Registry; trying again']]);
  payloads.answer([]);
  await settled();
  payloads.answer([]);
  await settled();
  expect(events).toEqual(['a/0', 'resume a', 'b/0', 'resume b']);
  expect([waiting(), member.silent!().size]).toEqual([0, 0]);
  expect(inner.deliver(delivery('a', 1))).toBe(true);
});

it('a handler that has enough is asked for more by itself alone', async () => {
  const { inner, member, payloads, events } = await joined(() => false);
  inner.deliver(delivery('a', 0, 'avro'));
  payloads.answer([]);
  await settled();
  expect(events).toEqual(['a/0']);
  member.resume('a', 0);
  expect(events).toEqual(['a/0', 'resume a']);
});

it.each<[string, (given: Awaited<ReturnType<typeof joined>>) => unknown]>([
  ['taken away', ({ inner }) => inner.revoked(0)],
  ['begun anew', ({ inner }) => inner.positions(0)],
  ['stopped', ({ member }) => member.stopPartition(0)],
  ['left with the group', ({ member }) => member.stop()],
  ['failed', ({ inner }) => inner.failed(new Error('gone'), 0)],
])('nothing that was kept of a partition which was %s is handed over', async (_, end) => {
  const given = await joined();
  given.inner.deliver(delivery('a', 0, 'avro'));
  void end(given);
  given.payloads.answer([]);
  await settled();
  expect(given.events.filter((event) => event.startsWith('a/'))).toEqual([]);
  expect([given.waiting(), given.member.silent!().size]).toEqual([0, 0]);
  expect(given.inner.deliver(delivery('a', 0))).toBe(true);
});

it('what is no outage fails the partition', async () => {
  const { inner, payloads, events } = await joined();
  inner.deliver(delivery('a', 0, 'avro'));
  payloads.answer(new Error('a defect'));
  await settled();
  expect(events).toEqual(['failed 0: a defect']);
});
