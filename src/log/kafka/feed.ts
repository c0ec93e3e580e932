/** One partition of one topic on its way from the broker to a group member's handler. */
import type { PackedRun } from '../packed-run.js';
import { type FetchedPartition, PARTITION_BYTES } from './fetch-request.js';
import { type RecordBatch, recordsOf, splitBatches } from './record-batch.js';

export class Feed {
  /** Not wanted until `resume`. */
  paused = false;
  closed = false;
  inFlight = false;
  /** Whether the log is known, or may be assumed, to hold more: such feeds are fetched without waiting. */
  behind = true;
  /** When a broker last said what it holds, or records were last handed over; performance.now(). */
  heardAt = performance.now();
  /** Where the next fetch goes on. */
  fetchOffset: number;
  /** Bytes fetched and not handed over yet; bounded by one fetch and what is below the threshold for another. */
  waitingBytes = 0;
  /** Of one fetch each. */
  #waiting: (readonly RecordBatch[])[] = [];

  constructor(
    readonly topic: string,
    readonly partition: number,
    /** Where the next delivery goes on. */
    public position: number,
    /** The last stable offset when last heard of. */
    public end: number,
  ) {
    this.fetchOffset = position;
  }

  get wantsFetch(): boolean {
    return this.isWanted && !this.inFlight;
  }

  /** Whether more of it is wanted, asked for already or not. */
  get isWanted(): boolean {
    return !this.closed && !this.paused && this.waitingBytes < PARTITION_BYTES / 2;
  }

  get hasDelivery(): boolean {
    return !this.closed && !this.paused && this.#waiting.length > 0;
  }

  accept(fetched: FetchedPartition): void {
    const batches = splitBatches(fetched.records, fetched.aborted);
    if (batches.length > 0) this.#waiting.push(batches);
    this.heardAt = performance.now();
    this.end = fetched.lastStableOffset;
    for (const batch of batches) {
      this.waitingBytes += batch.bytes.length;
      this.fetchOffset = batch.lastOffset + 1;
    }
    this.behind = this.fetchOffset < this.end;
  }

  /** Moves the position on past what one fetch brought; answers its records, none where only markers were passed. */
  take(): PackedRun {
    this.heardAt = performance.now();
    const batches = this.#waiting.shift() ?? [];
    const records = recordsOf(batches, this.topic, this.partition, this.position);
    for (const { bytes, lastOffset } of batches) {
      this.waitingBytes -= bytes.length;
      this.position = Math.max(this.position, lastOffset + 1);
    }
    return records;
  }

  close(): void {
    this.closed = true;
    this.#waiting = [];
    this.waitingBytes = 0;
  }
}
