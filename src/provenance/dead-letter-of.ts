/** Finds the dead letter of a refused record: the newest of its dead-letter topic are looked at first, and not all of a long one. */
import { TipstreamError } from '../errors.js';
import { readDeadLetterReason } from '../events/dead-letter.js';
import type { Log, LogRecord, OffsetRange, RecordAddress } from '../log/port.js';
import { partitionFor } from '../log/partitioner.js';
import { deadLetterTopic } from '../topics.js';
import type { RecordDocument } from './documents.js';

/** Records of the dead-letter topic. */
const LOOKED_AT_MOST = 20_000;
const OFFSETS_AT_ONCE = 2_000;

export async function deadLetterOf(
  log: Pick<Log, 'read' | 'offsets'>,
  { topic, partition, offset, key }: LogRecord,
  signal?: AbortSignal,
): Promise<NonNullable<RecordDocument['dead_letter']>> {
  const letters = deadLetterTopic(topic);
  const all = await rangesOf(log, letters);
  // A letter has the key of its record and lies where that puts it, unless the key was too large for the topic.
  const home = key === null || all.length === 0 ? undefined : partitionFor('murmur2', key, all.length);
  const ranges = [...all.filter(([number]) => number === home), ...all.filter(([number]) => number !== home)];
  const of = ranges.reduce((sum, [, { low, end }]) => sum + end - low, 0);
  let looked = 0;
  for (const [number, { low, end }] of ranges) {
    for (let to = end; to > low && looked < LOOKED_AT_MOST; ) {
      const from = Math.max(low, to - OFFSETS_AT_ONCE);
      let found: RecordAddress | undefined;
      for await (const records of log.read({
        topic: letters,
        partition: number,
        from,
        to,
        raw: true,
        ...(signal === undefined ? {} : { signal }),
      }))
        for (const letter of records) {
          const reason = readDeadLetterReason(letter.headers);
          if (reason.topic === topic && reason.partition === partition && reason.offset === offset)
            found ??= { topic: letters, partition: number, offset: letter.offset };
        }
      signal?.throwIfAborted();
      looked += to - from;
      if (found !== undefined) return { record: found, looked_at: looked, of };
      to = from;
    }
  }
  return { record: null, looked_at: looked, of };
}

/** None of a topic that does not exist. */
async function rangesOf(log: Pick<Log, 'offsets'>, topic: string): Promise<[number, OffsetRange][]> {
  try {
    return [...(await log.offsets(topic))];
  } catch (error) {
    if (error instanceof TipstreamError && error.code === 'topic_not_found') return [];
    throw error;
  }
}
