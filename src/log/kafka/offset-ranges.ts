/** What topics' partitions hold, asked with read_committed so that `end` can be reached while transactions are open. */
import { TipstreamError } from '../../errors.js';
import type { OffsetRange } from '../port.js';
import { type Connection, partitionsOf } from './connection.js';
import { DESCRIBED_WITHIN_MS, retrying } from './retry.js';

/** partition -> range. @throws topic_not_found, log_unavailable */
export async function offsetRanges(connection: Connection, topic: string): Promise<Map<number, OffsetRange>> {
  const known = await connection.attempt(`describe ${topic}`, () =>
    retrying(() => partitionsOf(connection.reading, topic, true), { withinMs: DESCRIBED_WITHIN_MS }),
  );
  const partitions = known.map(({ partitionId }) => partitionId).toSorted((a, b) => a - b);
  return (await rangesOf(connection, [topic], partitions)).get(topic)!;
}

/** partition -> the offset that the next record will get, open transactions or not. @throws topic_not_found, log_unavailable */
export async function highWatermarks(connection: Connection, topic: string): Promise<Map<number, number>> {
  const cluster = connection.uncommitted;
  return connection.attempt(`list the ends of ${topic}`, () =>
    retrying(
      async (attempt) => {
        const partitions = (await partitionsOf(cluster, topic, attempt > 0)).map(({ partitionId: partition }) => ({ partition }));
        const answers = await cluster.fetchTopicsOffset([{ topic, fromBeginning: false, partitions }]);
        return new Map(answers.flatMap((answer) => answer.partitions.map(({ partition, offset }) => [partition, Number(offset)] as const)));
      },
      { withinMs: DESCRIBED_WITHIN_MS },
    ),
  );
}

/** @throws topic_not_found, invalid_argument when there is no such partition, log_unavailable */
export async function offsetRange(connection: Connection, topic: string, partition: number): Promise<OffsetRange> {
  return (await rangesOf(connection, [topic], [partition])).get(topic)!.get(partition)!;
}

/** topic -> partition -> range, of the same partitions of several topics. */
export async function rangesOf(
  connection: Connection,
  topics: readonly string[],
  partitions: readonly number[],
  signal?: AbortSignal,
): Promise<Map<string, Map<number, OffsetRange>>> {
  const cluster = connection.reading;
  return connection.attempt(`list the offsets of ${topics.join(', ')}`, () =>
    retrying(
      async (attempt) => {
        for (const [index, topic] of topics.entries()) {
          const known = new Set((await partitionsOf(cluster, topic, attempt > 0 && index === 0)).map(({ partitionId }) => partitionId));
          const missing = partitions.find((partition) => !known.has(partition));
          if (missing !== undefined) throw partitionNotFound(topic, missing);
        }
        const [lows, ends] = await Promise.all([listOffsets(true), listOffsets(false)]);
        return new Map(
          topics.map((topic) => [
            topic,
            new Map(
              partitions.map((partition) => [partition, { low: lows.get(topic)!.get(partition)!, end: ends.get(topic)!.get(partition)! }]),
            ),
          ]),
        );
      },
      { withinMs: DESCRIBED_WITHIN_MS, signal },
    ),
  );

  async function listOffsets(fromBeginning: boolean): Promise<Map<string, Map<number, number>>> {
    const asked = topics.map((topic) => ({ topic, fromBeginning, partitions: partitions.map((partition) => ({ partition })) }));
    const answers = await cluster.fetchTopicsOffset(asked);
    return new Map(
      answers.map(({ topic, partitions: offsets }) => [
        topic,
        new Map(offsets.map(({ partition, offset }) => [partition, Number(offset)])),
      ]),
    );
  }
}

export function partitionNotFound(topic: string, partition: number): TipstreamError {
  return new TipstreamError('invalid_argument', `Topic ${topic} has no partition ${partition}`, { details: { topic, partition } });
}
