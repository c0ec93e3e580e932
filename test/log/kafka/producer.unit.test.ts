/** The idempotent producer against a broker that answers as it is told: what is sent again, and that it is the same. */
import { describe, expect, it } from 'vitest';
import { AppendCall } from '../../../src/log/kafka/append-call.js';
import type { Connection } from '../../../src/log/kafka/connection.js';
import { asTipstreamError } from '../../../src/log/kafka/failures.js';
import type { Cluster, ProtocolRequest } from '../../../src/log/kafka/internals.js';
import { type PartitionRecords, IdempotentProducer } from '../../../src/log/kafka/producer.js';
import { ByteReader } from '../../../src/log/kafka/wire.js';
import type { RecordAddress } from '../../../src/log/port.js';

interface Sent {
  readonly partition: number;
  readonly producerId: bigint;
  readonly sequence: number;
  readonly count: number;
  readonly bytes: string;
}
/** By partition: an error code, or null to leave the partition out of the answer. */
type Script = (sent: Sent, request: number) => number | null | Error;

function fakeProducer(script: Script): { producer: IdempotentProducer; requests: Sent[][] } {
  const requests: Sent[][] = [];
  const ends = new Map<number, number>();
  let producerIds = 0;
  const broker = {
    versions: { 0: { minVersion: 3, maxVersion: 12 } },
    initProducerId: () => Promise.resolve({ producerId: String(++producerIds), producerEpoch: 0 }),
    connectionPool: {
      host: 'h',
      port: 1,
      async send({ request }: ProtocolRequest<unknown>): Promise<unknown> {
        const sent = parse(((await request.encode()) as { buffer: Buffer }).buffer);
        requests.push(sent);
        const answers = sent.map((batch) => ({ batch, answer: script(batch, requests.length - 1) }));
        for (const { answer } of answers) if (answer instanceof Error) throw answer;
        return {
          outcomes: answers
            .filter(({ answer }) => answer !== null)
            .map(({ batch, answer }) => {
              const baseOffset = ends.get(batch.partition) ?? 0;
              if (answer === 0) ends.set(batch.partition, baseOffset + batch.count);
              return { topic: 't', partition: batch.partition, errorCode: answer, baseOffset: answer === 0 ? baseOffset : -1 };
            }),
        };
      },
    },
    disconnect: () => Promise.resolve(),
  };
  const cluster = {
    targetTopics: new Set(['t']),
    connect: () => Promise.resolve(),
    refreshMetadata: () => Promise.resolve(),
    refreshMetadataIfNecessary: () => Promise.resolve(),
    removeBroker: () => undefined,
    findBroker: () => Promise.resolve(broker),
    findControllerBroker: () => Promise.resolve(broker),
    findTopicPartitionMetadata: () => [0, 1].map((partitionId) => ({ partitionId, leader: 1 })),
  } as unknown as Cluster;
  const connection = {
    log: () => undefined,
    failure: (error: unknown, action: string) => asTipstreamError(error, action, ['h:1']),
  } as unknown as Connection;
  return { producer: new IdempotentProducer(connection, cluster, new AbortController().signal), requests };
}

function parse(body: Buffer): Sent[] {
  const reader = new ByteReader(body);
  reader.position = 8;
  return reader
    .array(() => {
      reader.string();
      return reader.array(() => {
        const partition = reader.int32();
        const bytes = reader.block();
        return {
          partition,
          producerId: bytes.readBigInt64BE(43),
          sequence: bytes.readInt32BE(53),
          count: bytes.readInt32BE(57),
          bytes: bytes.toString('hex'),
        };
      });
    })
    .flat();
}

async function send(producer: IdempotentProducer, counts: readonly number[]): Promise<PromiseSettledResult<readonly RecordAddress[]>[]> {
  const calls = counts.map((count, partition) => ({
    partition,
    call: new AppendCall(
      Array.from({ length: count }, (_, index) => ({
        topic: 't',
        partition,
        key: null,
        value: Buffer.from(`${partition}-${index}`),
        timestampMs: 1,
      })),
    ),
  }));
  const batches: PartitionRecords[] = calls.map(({ partition, call }) => ({ topic: 't', partition, records: call.waiting }));
  const answers = Promise.allSettled(calls.map(({ call }) => call.answer));
  await producer.send(batches);
  return answers;
}

const NOT_LEADER = 6;
const TOO_LARGE = 10;
const OUT_OF_ORDER = 45;
const offsets = (outcome: PromiseSettledResult<readonly RecordAddress[]> | undefined): number[] | undefined =>
  outcome?.status === 'fulfilled' ? outcome.value.map(({ offset }) => offset) : undefined;

describe('the idempotent producer', () => {
  it('numbers the batches of a partition on', async () => {
    const { producer, requests } = fakeProducer(() => 0);
    expect((await send(producer, [3, 2])).map(offsets)).toEqual([
      [0, 1, 2],
      [0, 1],
    ]);
    expect((await send(producer, [1, 1])).map(offsets)).toEqual([[3], [2]]);
    expect(requests.map((sent) => sent.map(({ sequence }) => sequence))).toEqual([
      [0, 0],
      [3, 2],
    ]);
  });

  it('sends only the partition that failed again, byte for byte', async () => {
    const { producer, requests } = fakeProducer(({ partition }, request) => (partition === 1 && request === 0 ? NOT_LEADER : 0));
    expect((await send(producer, [1, 1])).map(offsets)).toEqual([[0], [0]]);
    expect(requests[1]).toEqual([requests[0]![1]]);
  });

  it('sends all again, byte for byte, when the connection closed before the answer', async () => {
    const closed = Object.assign(new Error('Closed connection'), { name: 'KafkaJSConnectionClosedError' });
    const { producer, requests } = fakeProducer((_, request) => (request === 0 ? closed : 0));
    expect((await send(producer, [2, 2])).map(offsets)).toEqual([
      [0, 1],
      [0, 1],
    ]);
    expect(requests[1]).toEqual(requests[0]);
  });

  it('refuses an answer that leaves a partition out, and starts over with a new identity', async () => {
    const { producer, requests } = fakeProducer(({ partition }, request) => (partition === 1 && request === 0 ? null : 0));
    const [whole, lost] = await send(producer, [1, 1]);
    expect(offsets(whole)).toEqual([0]);
    expect(lost).toMatchObject({ status: 'rejected', reason: { code: 'log_failed' } });
    await send(producer, [1, 1]);
    expect(requests[1]!.map(({ producerId, sequence }) => [producerId, sequence])).toEqual([
      [2n, 0],
      [2n, 0],
    ]);
  });

  it('splits a batch that is too large and fails no more than the record that is, without a gap in the numbers', async () => {
    const { producer, requests } = fakeProducer(({ count, bytes }) =>
      count > 1 || bytes.includes(Buffer.from('0-2').toString('hex')) ? TOO_LARGE : 0,
    );
    const [outcome] = await send(producer, [4]);
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'record_too_large', details: { topic: 't', partition: 0 } } });
    expect(requests.filter(([sent]) => sent!.count === 1).map(([sent]) => sent!.sequence)).toEqual([0, 1, 2, 2]);
  });

  it('takes a new identity when the broker has forgotten it', async () => {
    const { producer, requests } = fakeProducer(({ producerId }, request) => (request > 0 && producerId === 1n ? OUT_OF_ORDER : 0));
    await send(producer, [2]);
    expect(offsets((await send(producer, [2]))[0])).toEqual([2, 3]);
    expect(requests.map(([sent]) => [sent!.producerId, sent!.sequence])).toEqual([
      [1n, 0],
      [1n, 2],
      [2n, 0],
    ]);
  });
});
