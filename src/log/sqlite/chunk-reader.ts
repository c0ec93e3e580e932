/**
 * Reads a run of records in one step of SQLite: their keys as one block of bytes, their values as another, and the numbers that tell
 * where each begins. A row at a time costs three times as much, most of it in making two buffers a row.
 *
 * Concatenating is exact for any bytes: SQLite joins blobs as if they were text, without looking at them. It gathers rows in the order
 * of the subquery, which is that of the primary key.
 */
import type { Database, Statement } from 'better-sqlite3';
import { TipstreamError } from '../../errors.js';
import type { LogRecord } from '../port.js';
import { decodeHeaders } from './header-encoding.js';

export interface Run {
  readonly topicId: number;
  readonly partition: number;
  /** The first offset, and the one after the last that may be read. */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
}

type Bounds = [topicId: number, partition: number, from: number, to: number, limit: number];
type Row = [offset: number, timestampMs: number, key: Buffer | null, value: Buffer | null, headers: Buffer | null];
type Block = [keys: Buffer | null, values: Buffer | null, offsets: string, timestamps: string, keyLengths: string, valueLengths: string];

const NULL = -1;
const EMPTY = Buffer.alloc(0);
const RUN = 'FROM record WHERE topic_id = ? AND partition = ? AND "offset" >= ? AND "offset" < ? ORDER BY "offset" LIMIT ?';
const list = (numbers: string) => `'[' || group_concat(${numbers}) || ']'`;

export class ChunkReader {
  readonly #measure: Statement<Bounds, [records: number, bytes: number, withHeaders: number]>;
  readonly #block: Statement<Bounds, Block>;
  readonly #rows: Statement<Bounds, Row>;
  readonly #bytes: number;

  /** `bytes` bounds what is in memory at once, but for the last record. */
  constructor(database: Database, bytes: number) {
    this.#bytes = bytes;
    this.#measure = database
      .prepare<Bounds, [number, number, number]>(
        'SELECT count(*), coalesce(sum(coalesce(length(key), 0) + coalesce(length(value), 0)), 0), ' +
          `count(headers) FROM (SELECT key, value, headers ${RUN})`,
      )
      .raw(true);
    this.#block = database
      .prepare<Bounds, Block>(
        `SELECT CAST(group_concat(key, '') AS BLOB), CAST(group_concat(value, '') AS BLOB), ${list('"offset"')}, ${list('timestamp_ms')},
           ${list(`coalesce(length(key), ${NULL})`)}, ${list(`coalesce(length(value), ${NULL})`)}
         FROM (SELECT "offset", timestamp_ms, key, value ${RUN})`,
      )
      .raw(true);
    this.#rows = database.prepare<Bounds, Row>(`SELECT "offset", timestamp_ms, key, value, headers ${RUN}`).raw(true);
  }

  /** Ascending by offset; `isCut` when a limit ended it and there may be more. */
  read(topic: string, { topicId, partition, from, to, limit }: Run): { readonly records: readonly LogRecord[]; readonly isCut: boolean } {
    const bounds: Bounds = [topicId, partition, from, to, limit];
    const [count, bytes, withHeaders] = this.#measure.get(...bounds)!;
    if (count === 0) return { records: [], isCut: false };
    if (bytes > this.#bytes || withHeaders > 0) return this.#readRows(topic, bounds);
    return { records: this.#readBlock(topic, partition, bounds), isCut: count === limit };
  }

  #readBlock(topic: string, partition: number, bounds: Bounds): LogRecord[] {
    const [keys, values, ...numbers] = this.#block.get(...bounds)!;
    const [offsets, timestamps, keyLengths, valueLengths] = numbers.map((text) => JSON.parse(text) as number[]) as [
      number[],
      number[],
      number[],
      number[],
    ];
    const takeKey = cutter(keys);
    const takeValue = cutter(values);
    const headers = decodeHeaders(null);
    const records = offsets.map((offset, i) => ({
      topic,
      partition,
      offset,
      timestampMs: timestamps[i]!,
      key: takeKey(keyLengths[i]!),
      value: takeValue(valueLengths[i]!),
      headers,
    }));
    // The numbers say how the blocks must come apart: a byte or a row out of place cannot pass for a record.
    const whole = sizeOf(keyLengths) === (keys?.length ?? 0) && sizeOf(valueLengths) === (values?.length ?? 0);
    if (whole && offsets.every((offset, i) => i === 0 || offset > offsets[i - 1]!)) return records;
    throw new TipstreamError(
      'internal',
      `records of ${topic} partition ${partition} from offset ${bounds[2]} did not come out of the log as they lie in it`,
      {
        hint: 'Report it: this is a defect of tipstream. The log itself was not changed.',
      },
    );
  }

  #readRows(topic: string, bounds: Bounds): { records: LogRecord[]; isCut: boolean } {
    const [, partition, , , limit] = bounds;
    const records: LogRecord[] = [];
    let bytes = 0;
    for (const [offset, timestampMs, key, value, headers] of this.#rows.iterate(...bounds)) {
      records.push({ topic, partition, offset, timestampMs, key, value, headers: decodeHeaders(headers) });
      bytes += (key?.length ?? 0) + (value?.length ?? 0) + (headers?.length ?? 0);
      if (bytes >= this.#bytes) break;
    }
    return { records, isCut: records.length === limit || bytes >= this.#bytes };
  }
}

function sizeOf(lengths: readonly number[]): number {
  let sum = 0;
  for (const length of lengths) if (length !== NULL) sum += length;
  return sum;
}

/** Takes one part after the other off a block. */
function cutter(block: Buffer | null): (length: number) => Buffer | null {
  const bytes = block ?? EMPTY;
  let at = 0;
  return (length) => (length === NULL ? null : bytes.subarray(at, (at += length)));
}
