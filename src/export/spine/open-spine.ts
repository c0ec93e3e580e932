/** What a spine is, told by its name or by its first bytes. It is read once, so a pipe is as good as a file; Parquet is copied first. */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { TipstreamError } from '../../errors.js';
import { openNamed } from '../../named-file.js';
import { PRIVATE_FILE_MODE } from '../../private-file.js';
import type { SpineFormat, SpineSource } from './source.js';
import { csvSpineRecords, jsonRecords } from './text-records.js';

export interface OpenSpineOptions {
  /** Unless its name or its first bytes say so. */
  readonly format?: SpineFormat | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Where a Parquet file that comes through a pipe, or compressed as a whole, may be put. */
  readonly copyTo: () => string;
}

const GZIP = Buffer.from([0x1f, 0x8b]);
const PARQUET = Buffer.from('PAR1');
const HEAD_BYTES = 4_096;
const FORMAT_OF: Readonly<Record<string, SpineFormat>> = {
  csv: 'csv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'ndjson',
  parquet: 'parquet',
};

/** `-` is stdin. Throws not_found; what it holds is looked at when it is read. */
export function openSpine(path: string, { format, signal, copyTo }: OpenSpineOptions): SpineSource {
  const file = openNamed(path);
  const { name } = file;
  const ending = /\.(csv|ndjson|jsonl|json|parquet)(?:\.gz)?$/i.exec(name)?.[1]?.toLowerCase();
  const told = format ?? (ending === undefined ? undefined : FORMAT_OF[ending]);
  let unit: SpineSource['unit'] = told === 'parquet' ? 'row' : 'line';
  return {
    name,
    get unit() {
      return unit; // where nothing told, the first bytes do
    },
    async *records(onColumns) {
      const raw = await peeked(file.pieces(signal));
      const isZipped = raw.head.subarray(0, GZIP.length).equals(GZIP);
      const { head, pieces } = isZipped ? await peeked(unzipped(raw.pieces, name)) : raw;
      const kind = told ?? sniffed(head);
      if (kind === 'csv') return yield* csvSpineRecords(pieces, onColumns);
      if (kind === 'ndjson') return yield* jsonRecords(pieces);
      unit = 'row';
      // Loaded here, because everything else starts faster without it.
      const { parquetRecords } = await import('./parquet-records.js');
      if (isZipped || !file.isPlain) {
        const copy = copyTo();
        await pipeline(pieces, createWriteStream(copy, { mode: PRIVATE_FILE_MODE }));
        return yield* parquetRecords(copy, name, onColumns);
      }
      await pieces.return();
      yield* parquetRecords(path, name, onColumns);
    },
    close: () => file.close(),
  };
}

interface Peeked {
  /** The first bytes, as many as HEAD_BYTES where there are so many. */
  readonly head: Buffer;
  /** All of it, the head too. */
  readonly pieces: AsyncGenerator<Buffer, void, void>;
}

async function peeked(all: AsyncGenerator<Buffer, void, void>): Promise<Peeked> {
  const first: Buffer[] = [];
  for (let bytes = 0; bytes < HEAD_BYTES; ) {
    const next = await all.next();
    if (next.done === true) break;
    first.push(next.value);
    bytes += next.value.length;
  }
  async function* pieces(): AsyncGenerator<Buffer, void, void> {
    yield* first;
    yield* all;
  }
  return { head: Buffer.concat(first).subarray(0, HEAD_BYTES), pieces: pieces() };
}

/** Of an object the first character is a brace, of a header it is not; of nothing there are no lines. */
function sniffed(head: Buffer): SpineFormat {
  if (head.subarray(0, PARQUET.length).equals(PARQUET)) return 'parquet';
  const start = head
    .toString()
    .replace(/^\ufeff/, '')
    .trimStart();
  return start === '' || start.startsWith('{') ? 'ndjson' : 'csv';
}

async function* unzipped(pieces: AsyncGenerator<Buffer, void, void>, name: string): AsyncGenerator<Buffer, void, void> {
  const gunzip = createGunzip();
  // What ends the source ends this too, and is thrown below.
  const done = pipeline(Readable.from(pieces, { objectMode: false }), gunzip).catch((error: unknown) => gunzip.destroy(error as Error));
  try {
    for await (const piece of gunzip) yield piece as Buffer;
    await done;
  } catch (error) {
    if (!String((error as NodeJS.ErrnoException).code).startsWith('Z_')) throw error;
    throw new TipstreamError('invalid_argument', `the spine ${name} is not whole: gzip says ${(error as Error).message}`, {
      hint: 'Compress it again, or give it uncompressed.',
      details: { file: name },
      cause: error,
    });
  }
}
