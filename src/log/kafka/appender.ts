/**
 * Appends records in serial micro-batches: one request is in flight, and the calls made meanwhile share the next one. So a
 * partition's order is the order of the calls, also when a request has to be sent again.
 */
import { TipstreamError } from '../../errors.js';
import { partitionFor } from '../partitioner.js';
import type { NewRecord, RecordAddress } from '../port.js';
import { AppendCall, type PendingRecord } from './append-call.js';
import { type Connection, partitionsOf } from './connection.js';
import { recordTooLarge } from './failures.js';
import type { Cluster } from './internals.js';
import { partitionNotFound } from './offset-ranges.js';
import { IdempotentProducer, type PartitionRecords } from './producer.js';
import { BATCH_OVERHEAD_BYTES } from './record-encoding.js';
import { DELIVERED_WITHIN_MS, retrying } from './retry.js';

/** A partition's batch must stay below max.message.bytes, 1 MiB by default; a larger record goes alone. */
const REQUEST_BYTES = 960_000;
const REQUEST_RECORDS = 5000;
/** Beyond any sensible max.message.bytes; a broker closes the connection at socket.request.max.bytes, 100 MiB. */
const RECORD_BYTES_LIMIT = 64 * 1_048_576;
const CLOSES_WITHIN_MS = 5000;

export class Appender {
  readonly #connection: Connection;
  readonly #cluster: Cluster;
  readonly #producer: IdempotentProducer;
  readonly #calls: AppendCall[] = [];
  readonly #roundRobin = new Map<string, number>();
  readonly #closing = new AbortController();
  #draining: Promise<void> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#cluster = connection.newCluster();
    this.#producer = new IdempotentProducer(connection, this.#cluster, this.#closing.signal);
  }

  /** Rejects when any record could not be written; other records of the call may have been. */
  append(records: readonly NewRecord[], signal?: AbortSignal): Promise<readonly RecordAddress[]> {
    if (records.length === 0) return Promise.resolve([]);
    if (this.#closing.signal.aborted) return Promise.reject(new TipstreamError('log_failed', 'The log is closed'));
    const nowMs = Date.now();
    const call = new AppendCall(records.map((record) => ({ ...record, timestampMs: record.timestampMs ?? nowMs })));
    call.endWith(signal);
    this.#calls.push(call);
    this.#draining ??= this.#drain();
    return call.answer;
  }

  /** Finishes what was asked for, within limits. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.#closing.abort(), CLOSES_WITHIN_MS);
    await this.#draining;
    clearTimeout(timer);
    this.#closing.abort();
    await this.#connection.closeCluster(this.#cluster);
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // calls made in the same turn share a request
    while (this.#calls.length > 0) {
      const batch = await this.#nextBatch();
      if (batch.length > 0) await this.#producer.send(batch);
    }
    this.#draining = undefined;
  }

  /** Takes records from the front, in order, up to the limits of one request. */
  async #nextBatch(): Promise<PartitionRecords[]> {
    const batch = new Map<string, PartitionRecords & { records: PendingRecord[] }>();
    let bytes = 0;
    let count = 0;
    for (let call = this.#calls[0]; call !== undefined; call = this.#calls[0]) {
      let taken = 0;
      for (const pending of call.waiting) {
        if (count > 0 && (bytes + pending.bytes > REQUEST_BYTES || count >= REQUEST_RECORDS)) break;
        taken++;
        const partition = await this.#partitionFor(pending);
        if (partition === null) continue;
        const { topic } = pending.record;
        const key = `${topic}/${partition}`;
        let group = batch.get(key);
        if (group === undefined) {
          batch.set(key, (group = { topic, partition, records: [] }));
          bytes += BATCH_OVERHEAD_BYTES;
        }
        group.records.push(pending);
        bytes += pending.bytes;
        count++;
      }
      if (taken < call.waiting.length) {
        call.waiting.splice(0, taken);
        break;
      }
      this.#calls.shift();
    }
    return [...batch.values()];
  }

  /** null: the record cannot be written, and its call knows. */
  async #partitionFor(pending: PendingRecord): Promise<number | null> {
    const { record } = pending;
    try {
      if (pending.abandoned) throw new TipstreamError('log_failed', 'An earlier record of the same call failed');
      if (pending.bytes > RECORD_BYTES_LIMIT) throw recordTooLarge(record.topic, record.partition, pending.bytes);
      // Almost always a look-up in memory, so it is not worth a turn of the event loop for each record.
      const known = this.#producer.partitionCount(record.topic);
      const count = known !== null && (record.partition ?? 0) < known ? known : await this.#countPartitions(record.topic);
      const partition = record.partition ?? this.#choosePartition(record, count);
      if (!Number.isInteger(partition) || partition < 0 || partition >= count) throw partitionNotFound(record.topic, partition);
      return partition;
    } catch (error) {
      pending.failed(this.#connection.failure(error, `append to ${record.topic}`));
      return null;
    }
  }

  async #countPartitions(topic: string): Promise<number> {
    const limits = { withinMs: DELIVERED_WITHIN_MS, signal: this.#closing.signal };
    const partitions = await retrying(() => partitionsOf(this.#cluster, topic, true), limits);
    return partitions.length;
  }

  #choosePartition({ topic, key }: NewRecord, count: number): number {
    if (key !== null) return partitionFor('murmur2', key, count);
    const turn = this.#roundRobin.get(topic) ?? 0;
    this.#roundRobin.set(topic, turn + 1);
    return turn % count;
  }
}
