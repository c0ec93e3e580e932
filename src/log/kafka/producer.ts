/**
 * The idempotent producer: sends one batch a partition until each has a definite answer. A batch that has to be sent again
 * carries the sequence number it had, so a broker that did write it the first time answers with its old offset instead of
 * writing it twice. One partition's failure leaves the others alone: kafkajs' producer forgets which of a failed request's
 * partitions were written, and then loses or repeats records.
 */
import { TipstreamError } from '../../errors.js';
import type { PendingRecord } from './append-call.js';
import { type Connection, partitionsOf } from './connection.js';
import { type Cluster, errorFromCode } from './internals.js';
import { isTransient, recordTooLarge } from './failures.js';
import { type PartitionBatch, type PartitionOutcome, produceTo } from './produce-request.js';
import { encodeBatch } from './record-encoding.js';
import { backOff, DELIVERED_WITHIN_MS, retrying } from './retry.js';

const MAX_SEQUENCE = 2 ** 31 - 1;
/** Stands for "again, after a pause". */
const LEADER_NOT_AVAILABLE = 5;
const TOO_LARGE = new Set([10, 18]);
/** Refused for what is in it; the other records of the batch may be fine. INVALID_TIMESTAMP and INVALID_RECORD. */
const BAD_RECORD = new Set([32, 87]);
/** The broker does not know this producer (any more), so it wrote nothing of this request. */
const FORGOTTEN = new Set([45, 47, 49, 59]);

export interface PartitionRecords {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly PendingRecord[];
}

interface Identity {
  readonly producerId: bigint;
  readonly epoch: number;
  /** topic/partition -> the next batch's sequence number. */
  readonly sequences: Map<string, number>;
}

/** A batch under way. */
interface Sending extends PartitionRecords {
  /** Set when it is first sent, and kept: a retry must be byte for byte the same. */
  encoded?: { readonly bytes: Buffer; readonly identity: Identity; readonly sequence: number };
}

export class IdempotentProducer {
  #identity: Identity | undefined;

  constructor(
    readonly connection: Connection,
    readonly cluster: Cluster,
    readonly stopping: AbortSignal,
  ) {}

  /** From cached metadata; null when the topic is not in it. */
  partitionCount(topic: string): number | null {
    if (!this.cluster.targetTopics.has(topic)) return null;
    return this.cluster.findTopicPartitionMetadata(topic).length || null;
  }

  /** Resolves when every record is settled; never rejects. */
  async send(batches: readonly PartitionRecords[]): Promise<void> {
    const queues = new Map<string, Sending[]>(batches.map((batch) => [`${batch.topic}/${batch.partition}`, [{ ...batch }]]));
    const deadline = performance.now() + DELIVERED_WITHIN_MS;
    for (let attempt = 0; queues.size > 0; ) {
      let error: unknown = null;
      try {
        error = await this.#round(queues, attempt > 0);
      } catch (failure) {
        error = failure;
      }
      if (error === null) {
        attempt = 0;
        continue;
      }
      if (!isTransient(error) || this.stopping.aborted || performance.now() > deadline) return this.#abandon(queues, error);
      this.connection.log('warn', 'An append failed and is tried again', { attempt, error: String(error) });
      await backOff(attempt++, this.stopping);
    }
  }

  /** Sends the first batch of each partition; answers the error because of which some have to be sent again, or null. */
  async #round(queues: Map<string, Sending[]>, refresh: boolean): Promise<unknown> {
    const identity = (this.#identity ??= await this.#newIdentity());
    const byLeader = new Map<number, PartitionBatch[]>();
    for (const [key, [sending]] of queues) {
      const { topic, partition, records } = sending!;
      const leader = await this.#leader(queues, key, sending!, refresh && byLeader.size === 0);
      if (leader === null) continue;
      if (leader === undefined) throw errorFromCode(LEADER_NOT_AVAILABLE);
      const sequence = identity.sequences.get(key) ?? 0;
      sending!.encoded ??= {
        bytes: encodeBatch(
          records.map(({ record }) => record),
          { producerId: identity.producerId, epoch: identity.epoch, sequence },
        ),
        identity,
        sequence,
      };
      const batches = byLeader.get(leader) ?? [];
      byLeader.set(leader, batches);
      batches.push({ topic, partition, bytes: sending!.encoded.bytes });
    }
    let retry: unknown = null;
    await Promise.all(
      [...byLeader].map(async ([leader, batches]) => {
        try {
          const outcomes = await produceTo(this.cluster, leader, batches);
          for (const { topic, partition } of batches) {
            const outcome = outcomes.find((candidate) => candidate.topic === topic && candidate.partition === partition);
            retry = this.#settle(queues, `${topic}/${partition}`, outcome) ?? retry;
          }
        } catch (error) {
          retry = error;
        }
      }),
    );
    return retry;
  }

  /** undefined: none now; null: the topic is gone, and its records know. */
  async #leader(
    queues: Map<string, Sending[]>,
    key: string,
    { topic, partition }: Sending,
    refresh: boolean,
  ): Promise<number | null | undefined> {
    try {
      const partitions = await partitionsOf(this.cluster, topic, refresh);
      return partitions.find(({ partitionId }) => partitionId === partition)?.leader;
    } catch (error) {
      if (!(error instanceof TipstreamError)) throw error;
      this.#abandon(new Map([[key, queues.get(key)!]]), error);
      queues.delete(key);
      return null;
    }
  }

  /** Takes note of one batch's outcome; answers the error when it has to be sent again as it is. */
  #settle(queues: Map<string, Sending[]>, key: string, outcome: PartitionOutcome | undefined): Error | null {
    const queue = queues.get(key)!;
    const sending = queue[0]!;
    const { topic, partition, records } = sending;
    const { identity, sequence } = sending.encoded!;
    const code = outcome?.errorCode ?? -1;
    const done = (...rest: Sending[]): null => {
      queue.splice(0, 1, ...rest);
      if (queue.length === 0) queues.delete(key);
      return null;
    };
    if (code === 0) {
      identity.sequences.set(key, sequenceAfter(sequence, records.length));
      records.forEach((record, index) => record.written({ topic, partition, offset: outcome!.baseOffset + index }));
      return done();
    }
    if (FORGOTTEN.has(code)) {
      this.connection.log('warn', 'The broker has forgotten the producer; sending with a new identity', { topic, partition, code });
      if (this.#identity === identity) this.#identity = undefined;
      delete sending.encoded;
      return errorFromCode(LEADER_NOT_AVAILABLE);
    }
    if (TOO_LARGE.has(code) || BAD_RECORD.has(code)) {
      if (records.length > 1) {
        const middle = records.length >> 1;
        return done({ topic, partition, records: records.slice(0, middle) }, { topic, partition, records: records.slice(middle) });
      }
      const [record] = records;
      record!.failed(
        TOO_LARGE.has(code) ? recordTooLarge(topic, partition, record!.bytes) : refused(topic, partition, errorFromCode(code)),
      );
      return done();
    }
    const error = errorFromCode(code);
    if (isTransient(error)) return error;
    // Whether it was written is not known, so neither is the next sequence number.
    if (this.#identity === identity) this.#identity = undefined;
    for (const record of records) record.failed(this.connection.failure(error, `append to ${topic}/${partition}`));
    return done();
  }

  #abandon(queues: Map<string, Sending[]>, error: unknown): void {
    this.#identity = undefined;
    for (const sending of [...queues.values()].flat()) {
      const failure = this.connection.failure(error, `append to ${sending.topic}/${sending.partition}`);
      for (const record of sending.records) record.failed(failure);
    }
  }

  async #newIdentity(): Promise<Identity> {
    const { producerId, producerEpoch } = await retrying(
      async () => {
        await this.cluster.connect();
        await this.cluster.refreshMetadataIfNecessary();
        const broker = await this.cluster.findControllerBroker();
        return broker.initProducerId({ transactionTimeout: DELIVERED_WITHIN_MS });
      },
      { withinMs: DELIVERED_WITHIN_MS, signal: this.stopping },
    );
    return { producerId: BigInt(producerId), epoch: producerEpoch, sequences: new Map() };
  }
}

function sequenceAfter(sequence: number, count: number): number {
  return sequence > MAX_SEQUENCE - count ? count - (MAX_SEQUENCE - sequence) - 1 : sequence + count;
}

function refused(topic: string, partition: number, error: Error): TipstreamError {
  return new TipstreamError('log_failed', `Kafka refused a record for ${topic}/${partition}: ${error.message}`, {
    hint: 'Give records of compacted topics a key, and a timestamp within message.timestamp.before.max.ms and .after.max.ms.',
    details: { topic, partition, reason: error.message },
    cause: error,
  });
}
