/**
 * Decompression of record batches. gzip is Node's own, and so is zstd from Node 22.15 on (before that, fzstd in plain JavaScript);
 * snappy and lz4 are native packages without install scripts, loaded when a batch first needs them, so that a platform they do not
 * support still reads everything else.
 */
import { createRequire } from 'node:module';
import * as zlib from 'node:zlib';
import { TipstreamError } from '../../errors.js';

type Decompress = (bytes: Buffer) => Buffer;

const require = createRequire(import.meta.url);
/** By the number in a batch's attributes; 0 is no compression. */
export const CODEC_NAMES = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
type CodecName = (typeof CODEC_NAMES)[number];

const LOADERS: Record<CodecName, () => Decompress> = {
  none: () => (bytes) => bytes,
  gzip: () => (bytes) => zlib.gunzipSync(bytes),
  snappy: () => {
    const { uncompressSync } = require('snappy') as { uncompressSync(bytes: Buffer, options: { asBuffer: true }): Buffer };
    return (bytes) => snappyBlocks(bytes, (block) => uncompressSync(block, { asBuffer: true }));
  },
  lz4: () => (require('lz4-napi') as { decompressFrameSync: Decompress }).decompressFrameSync,
  zstd: () => {
    const { zstdDecompressSync } = zlib as { zstdDecompressSync?: Decompress };
    if (zstdDecompressSync !== undefined) return zstdDecompressSync;
    const { decompress } = require('fzstd') as { decompress(bytes: Uint8Array): Uint8Array };
    return (bytes) => {
      const plain = decompress(bytes);
      return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
    };
  },
};

const loaded = new Map<CodecName, Decompress>();

/**
 * The bytes of a batch's records.
 * @throws unsupported_codec when this platform lacks the codec; log_failed when the bytes are damaged.
 */
export function decompress(codec: number, bytes: Buffer): Buffer {
  const name = CODEC_NAMES[codec];
  if (name === undefined) throw unsupported(`number ${codec}`);
  let run = loaded.get(name);
  if (run === undefined) {
    try {
      run = LOADERS[name]();
    } catch (cause) {
      throw unsupported(name, cause);
    }
    loaded.set(name, run);
  }
  try {
    return run(bytes);
  } catch (cause) {
    throw new TipstreamError('log_failed', `A ${name} batch could not be decompressed`, {
      hint: 'The batch is damaged, or its producer writes a variant of the format that is not known here.',
      cause,
    });
  }
}

function unsupported(codec: string, cause?: unknown): TipstreamError {
  return new TipstreamError('unsupported_codec', `Records are compressed with ${codec}, which cannot be read on this platform`, {
    hint: 'Reinstall the dependencies for this platform, or set another compression.type on the producer or the topic.',
    details: { codec },
    cause,
  });
}

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;

/** Java producers write snappy-java's stream, a header and length-prefixed blocks; librdkafka may write one bare block. */
function snappyBlocks(bytes: Buffer, uncompress: Decompress): Buffer {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return uncompress(bytes);
  const blocks: Buffer[] = [];
  let position = XERIAL_HEADER_BYTES;
  while (position < bytes.length) {
    const start = position + 4;
    position = start + bytes.readInt32BE(position);
    blocks.push(uncompress(bytes.subarray(start, position)));
  }
  return blocks.length === 1 ? blocks[0]! : Buffer.concat(blocks);
}
