/**
 * A spine in Parquet, as pandas, Polars, DuckDB and Spark write it. Times come as ISO 8601 with the digits that they have; whole numbers
 * of 64 bits digit by digit; lists and structs as JSON. Where a number is not one (NaN) or has no end, it is null.
 */
import { brotliDecompressSync } from 'node:zlib';
import { open, type FileHandle } from 'node:fs/promises';
import {
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type AsyncBuffer,
  type Compressors,
  type ParquetParsers,
} from 'hyparquet';
import { TipstreamError } from '../../errors.js';
import { decompress } from '../../log/kafka/codecs.js';
import { RawJson, type Cell } from '../cell.js';
import { namedTwice, type FlawedRecord, type OnColumns, type SpineRecord } from './source.js';

/** A page is decoded once for each piece that it lies in, so not too few; they are held in memory, so not too many. */
const ROWS_AT_ONCE = 50_000;

const [GZIP, SNAPPY, ZSTD] = [1, 2, 4] as const;
const codec = (number: number) => (bytes: Uint8Array) => decompress(number, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
const COMPRESSORS: Compressors = {
  GZIP: codec(GZIP),
  SNAPPY: codec(SNAPPY),
  ZSTD: codec(ZSTD),
  BROTLI: (bytes) => brotliDecompressSync(bytes),
};

const utf8 = new TextDecoder();
const PARSERS: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (ms: bigint | number | undefined) => isoOf(ms, 1n),
  timestampFromMicroseconds: (us: bigint | undefined) => isoOf(us, 1_000n),
  timestampFromNanoseconds: (ns: bigint | undefined) => isoOf(ns, 1_000_000n),
  dateFromDays: (days: number | undefined) => (days === undefined ? undefined : isoOf(days * 86_400_000, 1n)?.slice(0, 10)),
  jsonFromBytes: (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : utf8.decode(bytes)),
};

/** `name` is what messages call it. Throws invalid_argument for what is not Parquet, or not whole. */
export async function* parquetRecords(path: string, name: string, onColumns: OnColumns): AsyncGenerator<SpineRecord | FlawedRecord> {
  const handle = await open(path);
  try {
    const file = await bufferOf(handle);
    const metadata = await readable(name, () => parquetMetadataAsync(file, { geoparquet: false }));
    const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
    const flaw = namedTwice(columns) ?? onColumns(columns);
    if (flaw !== undefined) return yield { line: 0, flaw };
    const rows = Number(metadata.num_rows);
    for (let rowStart = 0; rowStart < rows; rowStart += ROWS_AT_ONCE) {
      const rowEnd = Math.min(rows, rowStart + ROWS_AT_ONCE);
      const found = await readable(name, () =>
        parquetReadObjects({ file, metadata, rowStart, rowEnd, compressors: COMPRESSORS, parsers: PARSERS, geoparquet: false }),
      );
      let line = rowStart;
      for (const row of found) {
        const members = new Map<string, Cell>();
        for (const column of columns) members.set(column, cellOf(row[column]));
        yield { line: ++line, members };
      }
    }
  } finally {
    await handle.close();
  }
}

async function bufferOf(handle: FileHandle): Promise<AsyncBuffer> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start));
      for (let at = 0; at < bytes.length; ) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
        if (bytesRead === 0) throw new Error('the file ends early');
        at += bytesRead;
      }
      return bytes.buffer;
    },
  };
}

async function readable<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new TipstreamError('invalid_argument', `the spine ${name} cannot be read as Parquet: ${messageOf(cause)}`, {
      hint: 'Write it again, with snappy, zstd, gzip, brotli or no compression.',
      details: { file: name },
      cause,
    });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A time after the year 9999 or before the year 0 as the number that it is. */
function isoOf(time: bigint | number | undefined, perMs: bigint): string | undefined {
  if (time === undefined) return undefined;
  const units = BigInt(time);
  const part = ((units % perMs) + perMs) % perMs;
  const ms = Number((units - part) / perMs);
  if (!(Math.abs(ms) <= 8.64e15)) return String(units);
  const iso = new Date(ms).toISOString();
  return part === 0n ? iso : `${iso.slice(0, -1)}${String(part).padStart(String(perMs).length - 1, '0')}Z`;
}

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'bigint':
      return new RawJson(String(value), true);
    default:
      return new RawJson(jsonOfNested(value), false);
  }
}

/** As JSON.stringify, with whole numbers of 64 bits as they are. Bytes are in base64. */
function jsonOfNested(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object') return JSON.stringify(value);
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'));
  if (ArrayBuffer.isView(value)) return `[${[...(value as unknown as Iterable<unknown>)].map(jsonOfNested).join(',')}]`;
  if (Array.isArray(value)) return `[${value.map(jsonOfNested).join(',')}]`;
  return `{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}:${jsonOfNested(member)}`)
    .join(',')}}`;
}
