/** The records of a log file and the ends of its partitions: the statements that read and write them, and nothing else. */
import type { Database, Statement } from 'better-sqlite3';
import type { LogRecord, OffsetRange } from '../port.js';
import { ChunkReader } from './chunk-reader.js';
import type { Topic } from './topic-table.js';

/** One chunk is read in a few milliseconds: neither the event loop nor a checkpoint waits longer for it. */
const CHUNK_RECORDS = 1000;
const CHUNK_BYTES = 1024 * 1024;

export interface Chunk extends OffsetRange {
  /** Where reading stands after the records; `from` itself when it lies outside the range. */
  readonly nextOffset: number;
  readonly records: readonly LogRecord[];
}

export class RecordTable {
  readonly #selectRange: Statement<[number, number], [low: number, end: number]>;
  readonly #selectRanges: Statement<[number], [partition: number, low: number, end: number]>;
  readonly #reader: ChunkReader;
  readonly #insert: Statement;
  readonly #setNext: Statement<[number, number, number]>;
  readonly #setLow: Statement<[number, number, number]>;
  readonly #delete: Statement<[number, number, number]>;
  readonly #deleteOne: Statement<[number, number, number]>;
  readonly #readChunk: (topic: Topic, partition: number, from: number, to: number) => Chunk;

  constructor(database: Database) {
    this.#selectRange = database
      .prepare<[number, number], [number, number]>('SELECT low_offset, next_offset FROM partition WHERE topic_id = ? AND partition = ?')
      .raw(true);
    this.#selectRanges = database
      .prepare<[number], [number, number, number]>(
        'SELECT partition, low_offset, next_offset FROM partition WHERE topic_id = ? ORDER BY partition',
      )
      .raw(true);
    this.#reader = new ChunkReader(database, CHUNK_BYTES);
    this.#insert = database.prepare(
      'INSERT INTO record (topic_id, partition, "offset", timestamp_ms, key, value, headers) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#setNext = database.prepare('UPDATE partition SET next_offset = ? WHERE topic_id = ? AND partition = ?');
    this.#setLow = database.prepare('UPDATE partition SET low_offset = ? WHERE topic_id = ? AND partition = ?');
    this.#delete = database.prepare('DELETE FROM record WHERE topic_id = ? AND partition = ? AND "offset" < ?');
    this.#deleteOne = database.prepare('DELETE FROM record WHERE topic_id = ? AND partition = ? AND "offset" = ?');
    // Ends and records must be of one moment, or records appended between the two reads would be passed over as a gap.
    this.#readChunk = database.transaction((topic: Topic, partition: number, from: number, to: number) =>
      this.#chunk(topic, partition, from, to),
    );
  }

  range(topicId: number, partition: number): OffsetRange {
    const row = this.#selectRange.get(topicId, partition);
    if (row === undefined) throw new Error(`partition ${partition} of topic ${topicId} has no row`);
    return { low: row[0], end: row[1] };
  }

  ranges(topicId: number): Map<number, OffsetRange> {
    return new Map(this.#selectRanges.all(topicId).map(([partition, low, end]) => [partition, { low, end }]));
  }

  /** At most a chunk of the records from an offset to an offset (exclusive); none when `from` is outside of low to end. */
  read(topic: Topic, partition: number, from: number, to = Number.MAX_SAFE_INTEGER): Chunk {
    return this.#readChunk(topic, partition, from, to);
  }

  insert(
    topicId: number,
    partition: number,
    offset: number,
    timestampMs: number,
    key: Buffer | null,
    value: Buffer | null,
    headers: Buffer | null,
  ): void {
    this.#insert.run(topicId, partition, offset, timestampMs, key, value, headers);
  }

  setNextOffset(topicId: number, partition: number, offset: number): void {
    this.#setNext.run(offset, topicId, partition);
  }

  /** Within a transaction. Both ends of the partition stay. */
  deleteAt(topicId: number, partition: number, offsets: readonly number[]): void {
    for (const offset of offsets) this.#deleteOne.run(topicId, partition, offset);
  }

  /** Within a transaction. */
  deleteBefore(topicId: number, partition: number, offset: number): void {
    this.#delete.run(topicId, partition, offset);
    this.#setLow.run(offset, topicId, partition);
  }

  #chunk(topic: Topic, partition: number, from: number, to: number): Chunk {
    const { low, end } = this.range(topic.id, partition);
    if (from < low || from > end) return { low, end, nextOffset: from, records: [] };
    const limit = Math.min(to, end);
    const { records, isCut } = this.#reader.read(topic.name, { topicId: topic.id, partition, from, to: limit, limit: CHUNK_RECORDS });
    return { low, end, nextOffset: isCut ? records.at(-1)!.offset + 1 : Math.max(from, limit), records };
  }
}
