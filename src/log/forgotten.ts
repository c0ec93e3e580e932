/** Who was forgotten, read from the log: for those who read a topic of it and must pass over what does not exist any more. */
import { decodeValue } from '../events/decode.js';
import { ForgottenOffsets } from '../events/forgotten-offsets.js';
import { TipstreamError } from '../errors.js';
import { FORGOTTEN_TOPIC, fullTopicName } from '../topics.js';
import type { Log } from './port.js';

export interface ForgottenQuestion {
  readonly topicPrefix: string;
  readonly partition: number;
  /** Exclusive; to the end unless given. */
  readonly to?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Of one partition. Nobody, where the log of an earlier version has no such topic. */
export async function readForgotten(
  log: Pick<Log, 'offsets' | 'read'>,
  { topicPrefix, partition, to, signal }: ForgottenQuestion,
): Promise<ForgottenOffsets> {
  const topic = fullTopicName(topicPrefix, FORGOTTEN_TOPIC);
  const forgotten = new ForgottenOffsets();
  const range = (await offsetsOf(log, topic))?.get(partition);
  if (range === undefined) return forgotten;
  const end = Math.min(range.end, to ?? range.end);
  if (range.low >= end) return forgotten;
  for await (const records of log.read({ topic, partition, from: range.low, to: end, ...(signal === undefined ? {} : { signal }) })) {
    for (const { value, headers } of records) {
      const decoded = decodeValue(FORGOTTEN_TOPIC, value, headers, Infinity);
      if (!decoded.ok) continue;
      const { user_digest: digest, positions } = decoded.event;
      for (const [name, below] of Object.entries(positions)) forgotten.add(digest, name, below);
    }
  }
  return forgotten;
}

async function offsetsOf(log: Pick<Log, 'offsets'>, topic: string): Promise<Awaited<ReturnType<Log['offsets']>> | undefined> {
  try {
    return await log.offsets(topic);
  } catch (error) {
    if (error instanceof TipstreamError && error.code === 'topic_not_found') return undefined;
    throw error;
  }
}
