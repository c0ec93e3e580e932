/** wrong_partition is the first error of any Python, Go or .NET producer, and named neither why nor what to do. */
import { expect, test } from 'vitest';
import { decodeRecord } from '../../src/events/decode.js';
import { crc32, murmur2, partitionFunction, type PartitionerName } from '../../src/log/partitioner.js';

function refusal(partitioner: PartitionerName, userId: string, partition: number, partitions: number): string {
  const record = {
    key: Buffer.from(userId),
    value: Buffer.from(JSON.stringify({ tip_id: 't', user_id: userId, served_at_ms: 5 })),
    headers: [],
    partition,
  };
  const decoded = decodeRecord('tip.served', record, { partitioner: partitionFunction(partitioner), partitions, maxValueBytes: 1_000 });
  if (decoded.ok) throw new Error('it was accepted');
  expect(decoded.rejection.code).toBe('wrong_partition');
  return decoded.rejection.message;
}

const byCrc = (key: string, partitions: number) => crc32(Buffer.from(key)) % partitions;
const byMurmur = (key: string, partitions: number) => (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
const users = Array.from({ length: 40 }, (_, i) => `user-${i}`);

test.each([4, 12, 100])('of %d partitions, where CRC32 put the key', (partitions) => {
  for (const user of users.filter((one) => byCrc(one, partitions) !== byMurmur(one, partitions)))
    expect(refusal('murmur2', user, byCrc(user, partitions), partitions)).toBe(
      `the key belongs to partition ${byMurmur(user, partitions)} of ${partitions}, not to ${byCrc(user, partitions)}; ` +
        "librdkafka's default (CRC32, consistent_random) puts it there: " +
        'set partitioner=murmur2_random in the producer (Python, Go, .NET, C, kcat), ' +
        'or start tipstream with --partitioner crc32 if all producers use CRC32',
    );
});

test('elsewhere: where CRC32 would have put it', () => {
  const other = [0, 1, 2, 3].find((partition) => partition !== byMurmur('ana', 4) && partition !== byCrc('ana', 4))!;
  expect(refusal('murmur2', 'ana', other, 4)).toContain(
    `librdkafka's default (CRC32, consistent_random) would have chosen ${byCrc('ana', 4)}: set partitioner=murmur2_random`,
  );
});

test('where tipstream expects CRC32, the other way round', () => {
  const user = users.find((one) => byCrc(one, 4) !== byMurmur(one, 4))!;
  expect(refusal('crc32', user, byMurmur(user, 4), 4)).toContain(
    "Java's default (murmur2) puts it there: set partitioner=consistent_random in the producer (librdkafka), " +
      'or start tipstream with --partitioner murmur2',
  );
});
