/** The Fetch request, version 11 (Kafka 2.3 and newer). */
import { TipstreamError } from '../../errors.js';
import { sendTo } from './connection.js';
import { encodeFetch, type Cluster, type ProtocolRequest } from './internals.js';
import { NETWORK_SLACK_MS } from './retry.js';
import type { AbortedTransaction } from './record-batch.js';
import { giveBack } from './responses/buffers.js';
import { ByteReader } from './wire.js';

const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;
const FETCH_KEY = 1;
const VERSION = 11;
/** Of one partition; a larger batch is still returned whole when it comes first. */
export const PARTITION_BYTES = 1_048_576;
const RESPONSE_BYTES = 8 * PARTITION_BYTES;
const NO_RECORDS = Buffer.alloc(0);

export interface FetchOptions {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Default: PARTITION_BYTES. */
  readonly maxBytes?: number;
  /** Also of transactions that are open or were aborted. Of all targets of a request, the first says it. Default: read committed. */
  readonly uncommitted?: boolean;
}

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  /** 0 is success. */
  readonly errorCode: number;
  readonly lastStableOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  /** In memory of their own, which may be handed to another thread. */
  readonly records: Buffer<ArrayBuffer>;
}

interface FetchResponse {
  readonly errorCode: number;
  readonly partitions: FetchedPartition[];
}

/**
 * Fetches from one broker. Answers as soon as there is any record, or after `maxWaitMs` without. The partitions are served in
 * the order given, and those at the end may come back empty: rotate them.
 */
export async function fetchFrom(
  cluster: Cluster,
  nodeId: number,
  targets: readonly FetchOptions[],
  maxWaitMs: number,
): Promise<FetchResponse> {
  const request = encodeFetch({
    replicaId: -1,
    maxWaitTime: maxWaitMs,
    minBytes: 1,
    maxBytes: RESPONSE_BYTES,
    isolationLevel: targets[0]?.uncommitted === true ? READ_UNCOMMITTED : READ_COMMITTED,
    topics: targets.map(({ topic, partition, offset, maxBytes = PARTITION_BYTES }) => ({
      topic,
      partitions: [{ partition, fetchOffset: String(offset), maxBytes }],
    })),
  });
  return sendTo(cluster, nodeId, (broker) => {
    const spoken = broker.versions[FETCH_KEY];
    if (spoken === undefined || spoken.minVersion > VERSION || spoken.maxVersion < VERSION) {
      throw new TipstreamError('log_failed', `The broker does not speak Fetch version ${VERSION}`, {
        hint: 'Use Kafka 2.3 or newer.',
      });
    }
    return broker.connectionPool.send({ request, response, requestTimeout: maxWaitMs + NETWORK_SLACK_MS });
  });
}

const response: ProtocolRequest<FetchResponse>['response'] = {
  decode: (payload) => {
    const decoded = decodeResponse(payload);
    giveBack(payload);
    return Promise.resolve(decoded);
  },
  parse: (decoded) => Promise.resolve(decoded),
};

function decodeResponse(payload: Buffer): FetchResponse & { clientSideThrottleTime: number } {
  const reader = new ByteReader(payload);
  const clientSideThrottleTime = reader.int32();
  const errorCode = reader.int16();
  reader.int32(); // session id: none was asked for
  const partitions = reader
    .array(() => {
      const topic = reader.string();
      return reader.array(() => decodePartition(reader, topic));
    })
    .flat();
  return { clientSideThrottleTime, errorCode, partitions };
}

function decodePartition(reader: ByteReader, topic: string): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  reader.int64(); // high watermark: records between it and the last stable offset are not readable yet
  const lastStableOffset = reader.int64();
  reader.int64(); // log start offset: not told to a fetch that is out of range
  const aborted = reader.array(() => ({ producerId: reader.bigInt64(), firstOffset: reader.int64() }));
  reader.int32(); // preferred read replica: no rack was named
  const records = ownCopy(reader.block());
  return { topic, partition, errorCode, lastStableOffset, aborted, records };
}

function ownCopy(bytes: Buffer): Buffer<ArrayBuffer> {
  if (bytes.length === 0) return NO_RECORDS; // as nearly always at the end of the log
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
