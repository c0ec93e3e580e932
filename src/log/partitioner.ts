/**
 * Which partition a key belongs to, as Kafka's producers decide it, so that the same events lie in the same partitions on every log.
 * `murmur2` is the Java client's default and what tipstream writes with; `crc32` is librdkafka's "consistent".
 */
import type { KeyPlacement } from '../events/decode.js';

/** `any`: producers may use partitioners of their own; tipstream then writes with murmur2 and expects nothing of what it reads. */
export type PartitionerName = 'murmur2' | 'crc32' | 'any';

const MURMUR_SEED = 0x9747b28c;
const MURMUR_MULTIPLIER = 0x5bd1e995;

/** The 32-bit signed hash of `org.apache.kafka.common.utils.Utils.murmur2`. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  const wholeWords = length & ~3;
  let hash = MURMUR_SEED ^ length;
  for (let index = 0; index < wholeWords; index += 4) {
    const word = bytes[index]! | (bytes[index + 1]! << 8) | (bytes[index + 2]! << 16) | (bytes[index + 3]! << 24);
    const mixed = Math.imul(word, MURMUR_MULTIPLIER);
    hash = Math.imul(hash, MURMUR_MULTIPLIER) ^ Math.imul(mixed ^ (mixed >>> 24), MURMUR_MULTIPLIER);
  }
  const rest = length - wholeWords;
  if (rest === 3) hash ^= bytes[wholeWords + 2]! << 16;
  if (rest >= 2) hash ^= bytes[wholeWords + 1]! << 8;
  if (rest >= 1) hash = Math.imul(hash ^ bytes[wholeWords]!, MURMUR_MULTIPLIER);
  hash = Math.imul(hash ^ (hash >>> 13), MURMUR_MULTIPLIER);
  return hash ^ (hash >>> 15);
}

const CRC32_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  return remainder;
});

/** The CRC-32 of zlib, unsigned. (node:zlib has it only since Node 22.) */
export function crc32(bytes: Uint8Array): number {
  let remainder = -1;
  for (let index = 0; index < bytes.length; index += 1) {
    remainder = (remainder >>> 8) ^ CRC32_TABLE[(remainder ^ bytes[index]!) & 0xff]!;
  }
  return ~remainder >>> 0;
}

/** The partition, 0 to partitions - 1, that a key is written to. */
export function partitionFor(partitioner: PartitionerName, key: Uint8Array, partitions: number): number {
  // Java's toPositive drops the sign bit; it does not take the absolute value.
  return partitioner === 'crc32' ? crc32(key) % partitions : (murmur2(key) & 0x7fffffff) % partitions;
}

/** Where a key must lie, as a function; null where upstream's placement is unknown and nothing can be checked. */
export function partitionFunction(partitioner: PartitionerName): KeyPlacement | null {
  if (partitioner === 'any') return null;
  return Object.assign((key: Uint8Array, partitions: number) => partitionFor(partitioner, key, partitions), {
    explain: (key: Uint8Array, found: number, partitions: number) => explainPlacement(partitioner, key, found, partitions),
  });
}

const WAYS_OUT = {
  murmur2: {
    other: 'crc32',
    whose: "librdkafka's default (CRC32, consistent_random)",
    ways:
      'set partitioner=murmur2_random in the producer (Python, Go, .NET, C, kcat), ' +
      'or start tipstream with --partitioner crc32 if all producers use CRC32',
  },
  crc32: {
    other: 'murmur2',
    whose: "Java's default (murmur2)",
    ways:
      'set partitioner=consistent_random in the producer (librdkafka), ' +
      'or start tipstream with --partitioner murmur2 if all producers use murmur2',
  },
} as const;

/**
 * The first error that a producer of another language meets. With few partitions the other partitioner can agree by chance, so it is said
 * where that one puts the key, not who wrote the record.
 */
function explainPlacement(partitioner: 'murmur2' | 'crc32', key: Uint8Array, found: number, partitions: number): string {
  const { other, whose, ways } = WAYS_OUT[partitioner];
  const chosen = partitionFor(other, key, partitions);
  return `${whose} ${chosen === found ? 'puts it there' : `would have chosen ${chosen}`}: ${ways}`;
}
