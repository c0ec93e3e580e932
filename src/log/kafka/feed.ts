/** One partition of one topic on its way from the broker to a group member's handler. */
import type { PackedRun } from '../packed-run.js';
import { type FetchedPartition, PARTITION_BYTES } from './fetch-request.js';
import { canStay, inParts, type RecordBatch, recordsInPlace, recordsOf, splitBatches } from './record-batch.js';

/** Handed over at once, more or less: batches are not split. Finding so many takes some milliseconds. */
const MOST_IN_PLACE = 20_000;
const MOST_COPIED = 5_000;

/** What is handed over at once: all of a fetch in its memory, or a part of it in memory of its own. */
interface Piece {
  readonly batches: readonly RecordBatch[];
  readonly stay: boolean;
}

function piecesOf(batches: readonly RecordBatch[]): Piece[] {
  const records = batches.reduce((sum, { hidden, count }) => sum + (hidden ? 0 : count), 0);
  if (records <= MOST_IN_PLACE && canStay(batches)) return [{ batches, stay: true }];
  return [...inParts(batches, MOST_COPIED)].map((part) => ({ batches: part, stay: false }));
}

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
  #waiting: Piece[] = [];

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
    this.#waiting.push(...piecesOf(batches));
    this.heardAt = performance.now();
    this.end = fetched.lastStableOffset;
    for (const batch of batches) {
      this.waitingBytes += batch.bytes.length;
      this.fetchOffset = batch.lastOffset + 1;
    }
    this.behind = this.fetchOffset < this.end;
  }

  /** Moves the position on past a piece of what was fetched; answers its records, none where only markers were passed. */
  take(): PackedRun {
    this.heardAt = performance.now();
    const { batches, stay } = this.#waiting[0]!;
    const records = (stay ? recordsInPlace : recordsOf)(batches, this.topic, this.partition, this.position);
    this.#waiting.shift();
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
