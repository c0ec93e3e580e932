/** How much of what was delivered still waits, per topic, and when fetching pauses and goes on. Bounded in records and in bytes. */
import type { RecordRun } from '../log/port.js';

/** Above either, fetching a topic pauses; below half of both, it goes on. */
const PAUSE_ABOVE_RECORDS = 25_000;
const PAUSE_ABOVE_BYTES = 16 * 1024 * 1024;

interface Waiting {
  records: number;
  bytes: number;
  paused: boolean;
  /** Per delivery, oldest first: what of it still waits. */
  readonly deliveries: { records: number; bytes: number }[];
}

export class Backpressure {
  readonly #topics = new Map<string, Waiting>();

  /** Records of all topics that wait. */
  get records(): number {
    let sum = 0;
    for (const { records } of this.#topics.values()) sum += records;
    return sum;
  }

  /** false: deliver no more of this topic. */
  delivered(topic: string, { length, bytes }: Pick<RecordRun, 'length' | 'bytes'>): boolean {
    let waiting = this.#topics.get(topic);
    if (waiting === undefined) this.#topics.set(topic, (waiting = { records: 0, bytes: 0, paused: false, deliveries: [] }));
    if (length > 0) waiting.deliveries.push({ records: length, bytes });
    waiting.records += length;
    waiting.bytes += bytes;
    waiting.paused = waiting.records > PAUSE_ABOVE_RECORDS || waiting.bytes > PAUSE_ABOVE_BYTES;
    return !waiting.paused;
  }

  /** true: deliver this topic again. Takes records off in the order of their delivery, a share of bytes with them. */
  applied(topic: string, records: number): boolean {
    const waiting = this.#topics.get(topic);
    if (waiting === undefined) return false;
    for (let left = records; left > 0 && waiting.deliveries.length > 0; ) {
      const oldest = waiting.deliveries[0]!;
      const count = Math.min(left, oldest.records);
      const bytes = count === oldest.records ? oldest.bytes : Math.floor((oldest.bytes * count) / oldest.records);
      oldest.records -= count;
      oldest.bytes -= bytes;
      waiting.records -= count;
      waiting.bytes -= bytes;
      left -= count;
      if (oldest.records === 0) waiting.deliveries.shift();
    }
    if (!waiting.paused || waiting.records > PAUSE_ABOVE_RECORDS / 2 || waiting.bytes > PAUSE_ABOVE_BYTES / 2) return false;
    waiting.paused = false;
    return true;
  }
}
