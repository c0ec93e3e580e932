/** The Produce request, version 7 (Kafka 2.1 and newer), acks of all replicas; the outcome of each partition by itself. */
import { TipstreamError } from '../../errors.js';
import { sendTo } from './connection.js';
import { type Cluster, type ProtocolRequest, requestBody } from './internals.js';
import { NETWORK_SLACK_MS } from './retry.js';
import { ByteReader, ByteWriter } from './wire.js';

const PRODUCE_KEY = 0;
const VERSION = 7;
const ALL_REPLICAS = -1;
const BROKER_TIMEOUT_MS = 15_000;

export interface PartitionBatch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
}

export interface PartitionOutcome {
  readonly topic: string;
  readonly partition: number;
  /** 0 is success. */
  readonly errorCode: number;
  /** Of the batch's first record. */
  readonly baseOffset: number;
}

interface ProduceResponse {
  readonly outcomes: PartitionOutcome[];
}

/** One batch for each partition, all led by that node. Throws only when the request as a whole failed: its outcome is then unknown. */
export async function produceTo(
  cluster: Cluster,
  nodeId: number,
  batches: readonly PartitionBatch[],
): Promise<readonly PartitionOutcome[]> {
  const { outcomes } = await sendTo(cluster, nodeId, (broker) => {
    const spoken = broker.versions[PRODUCE_KEY];
    if (spoken === undefined || spoken.minVersion > VERSION || spoken.maxVersion < VERSION) {
      throw new TipstreamError('log_failed', `The broker does not speak Produce version ${VERSION}`, {
        hint: 'Use Kafka 2.3 or newer.',
      });
    }
    const body = requestBody(encodeRequest(batches));
    return broker.connectionPool.send({
      request: { apiKey: PRODUCE_KEY, apiVersion: VERSION, apiName: 'Produce', encode: () => Promise.resolve(body) },
      response,
      requestTimeout: BROKER_TIMEOUT_MS + NETWORK_SLACK_MS,
    });
  });
  return outcomes;
}

function encodeRequest(batches: readonly PartitionBatch[]): Buffer {
  const byTopic = new Map<string, PartitionBatch[]>();
  for (const batch of batches) byTopic.set(batch.topic, [...(byTopic.get(batch.topic) ?? []), batch]);
  const out = new ByteWriter(batches.reduce((size, { bytes }) => size + bytes.length + 32, 1024));
  out.int16(-1); // no transactional id
  out.int16(ALL_REPLICAS);
  out.int32(BROKER_TIMEOUT_MS);
  out.int32(byTopic.size);
  for (const [topic, partitions] of byTopic) {
    out.string(topic);
    out.int32(partitions.length);
    for (const { partition, bytes } of partitions) {
      out.int32(partition);
      out.int32(bytes.length);
      out.raw(bytes);
    }
  }
  return out.written;
}

const response: ProtocolRequest<ProduceResponse>['response'] = {
  decode: (payload) => Promise.resolve(decodeResponse(payload)),
  parse: (decoded) => Promise.resolve(decoded),
};

function decodeResponse(payload: Buffer): ProduceResponse & { clientSideThrottleTime: number } {
  const reader = new ByteReader(payload);
  const outcomes = reader
    .array(() => {
      const topic = reader.string();
      return reader.array(() => {
        const outcome = { topic, partition: reader.int32(), errorCode: reader.int16(), baseOffset: reader.int64() };
        reader.int64(); // log append time
        reader.int64(); // log start offset
        return outcome;
      });
    })
    .flat();
  return { outcomes, clientSideThrottleTime: reader.int32() };
}
