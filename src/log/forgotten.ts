/** Who was forgotten, read from the log: for those who read a topic of it and must pass over what does not exist any more. */
import { decodeValue } from '../events/decode.js';
import { ForgottenOffsets } from '../events/forgotten-offsets.js';
import { TipstreamError } from '../errors.js';
import { OneAtATime } from '../one-at-a-time.js';
import { FORGOTTEN_TOPIC, fullTopicName } from '../topics.js';
import type { Log } from './port.js';

export interface ForgottenQuestion {
  readonly topicPrefix: string;
  readonly partition: number;
  /** Exclusive; to the end unless given. */
  readonly to?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

type ReadableLog = Pick<Log, 'offsets' | 'read'>;

/** Of one partition. Nobody, where the log of an earlier version has no such topic. */
export async function readForgotten(log: ReadableLog, question: ForgottenQuestion): Promise<ForgottenOffsets> {
  const read: ReadSoFar = { forgotten: new ForgottenOffsets(), next: 0 };
  await readOn(log, question, read);
  return read.forgotten;
}

/**
 * digest -> Unix ms of the last forgetting, of all partitions: for what is about users and not in their partitions. Nobody where records
 * are deleted. With a signal that aborts, as far as it came.
 */
export async function forgottenTimes(
  log: ReadableLog & Pick<Log, 'erasing'>,
  topicPrefix: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>();
  if (log.erasing !== undefined) return times;
  const topic = fullTopicName(topicPrefix, FORGOTTEN_TOPIC);
  for (const [partition, { low, end }] of (await offsetsOf(log, topic)) ?? []) {
    if (low >= end) continue;
    for await (const records of log.read({ topic, partition, from: low, to: end, ...(signal === undefined ? {} : { signal }) }))
      for (const { value, headers } of records) {
        const decoded = decodeValue(FORGOTTEN_TOPIC, value, headers, Infinity);
        if (!decoded.ok) continue;
        const { user_digest: digest, forgotten_at_ms: atMs } = decoded.event;
        times.set(digest, Math.max(atMs, times.get(digest) ?? 0));
      }
  }
  return times;
}

/**
 * Asks the log where the topic ends, and reads what it has not read yet. In memory it has what a worker has: an offset for each forgotten
 * user and topic.
 */
export class ForgottenReader {
  readonly #log: ReadableLog;
  readonly #topicPrefix: string;
  readonly #partitions = new Map<number, { read: ReadSoFar; readonly turns: OneAtATime }>();

  constructor(log: ReadableLog, topicPrefix: string) {
    this.#log = log;
    this.#topicPrefix = topicPrefix;
  }

  /** Of one partition, everybody whom the log names by now. What is answered grows when this is called again. */
  upToEnd(partition: number, signal?: AbortSignal): Promise<ForgottenOffsets> {
    const known = this.#partitions.get(partition) ?? { read: { forgotten: new ForgottenOffsets(), next: 0 }, turns: new OneAtATime() };
    this.#partitions.set(partition, known);
    return known.turns.run(async () => {
      await readOn(this.#log, { topicPrefix: this.#topicPrefix, partition, signal }, known.read);
      return known.read.forgotten;
    });
  }
}

interface ReadSoFar {
  forgotten: ForgottenOffsets;
  next: number;
}

/**
 * `read` is as far as it came, also when this throws or the signal ends it. A topic that ends before `next` was made again: it is read
 * from its beginning.
 */
async function readOn(log: ReadableLog, { topicPrefix, partition, to, signal }: ForgottenQuestion, read: ReadSoFar): Promise<void> {
  const topic = fullTopicName(topicPrefix, FORGOTTEN_TOPIC);
  const range = (await offsetsOf(log, topic))?.get(partition) ?? { low: 0, end: 0 };
  if (range.end < read.next) Object.assign(read, { forgotten: new ForgottenOffsets(), next: 0 });
  const end = Math.min(range.end, to ?? range.end);
  const from = Math.max(range.low, read.next);
  if (from >= end) return;
  for await (const records of log.read({ topic, partition, from, to: end, ...(signal === undefined ? {} : { signal }) })) {
    for (const { value, headers, offset } of records) {
      const decoded = decodeValue(FORGOTTEN_TOPIC, value, headers, Infinity);
      if (decoded.ok) {
        const { user_digest: digest, positions } = decoded.event;
        for (const [name, below] of Object.entries(positions)) read.forgotten.add(digest, name, below);
      }
      read.next = offset + 1;
    }
  }
  if (signal?.aborted !== true) read.next = end;
}

async function offsetsOf(log: ReadableLog, topic: string): Promise<Awaited<ReturnType<Log['offsets']>> | undefined> {
  try {
    return await log.offsets(topic);
  } catch (error) {
    if (error instanceof TipstreamError && error.code === 'topic_not_found') return undefined;
    throw error;
  }
}
