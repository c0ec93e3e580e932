import { gzipSync } from 'node:zlib';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { decompress } from '../../../src/log/kafka/codecs.js';

const require = createRequire(import.meta.url);
const { compressSync: snappy } = require('snappy') as { compressSync(bytes: Buffer): Buffer };
const { compressFrameSync: lz4 } = require('lz4-napi') as { compressFrameSync(bytes: Buffer): Buffer };

const TEXT = Buffer.from('ünïcödé 用户 😀 '.repeat(5000));
/** TEXT, from the stream of zstd-jni that Kafka's Java producer uses: Node 20 cannot write zstd. */
const ZSTD = Buffer.from('KLUv/QBYBQEAwMO8bsOvY8O2ZMOpIOeUqOaItyDwn5iAIAEAlFJvPsc=', 'base64');

/** snappy-java's stream: a header, then blocks with their lengths. */
function xerial(bytes: Buffer<ArrayBuffer>, blockBytes: number): Buffer {
  const parts: Buffer[] = [Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])];
  for (let start = 0; start < bytes.length; start += blockBytes) {
    const block = snappy(bytes.subarray(start, start + blockBytes));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

describe('decompress', () => {
  it.each<[string, number, Buffer]>([
    ['no compression', 0, TEXT],
    ['gzip', 1, gzipSync(TEXT)],
    ['bare snappy', 2, snappy(TEXT)],
    ['snappy of one block', 2, xerial(TEXT, 1_000_000)],
    ['snappy of several blocks', 2, xerial(TEXT, 32_768)],
    ['lz4', 3, lz4(TEXT)],
    ['zstd', 4, ZSTD],
  ])('reads %s', (_, codec, bytes) => {
    expect(decompress(codec, bytes).equals(TEXT)).toBe(true);
  });

  it('says unsupported_codec for a codec that Kafka may yet invent', () => {
    expect(() => decompress(5, TEXT)).toThrow(expect.objectContaining({ code: 'unsupported_codec', hint: expect.any(String) as string }));
  });

  it.each([1, 2, 3, 4])('says log_failed for damaged bytes of codec %d', (codec) => {
    expect(() => decompress(codec, Buffer.from('neither compressed nor anything else'))).toThrow(
      expect.objectContaining({ code: 'log_failed' }),
    );
  });
});
