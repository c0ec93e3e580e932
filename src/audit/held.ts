/** How far a topic of the log can be taken at its word: what is not in it was never there, or may have gone or not come out yet. */
import type { Log } from '../log/port.js';

export interface HeldTopic {
  /** With its prefix. */
  readonly topic: string;
  readonly low: number;
  readonly end: number;
  /** Why something may have been in it before; a sentence. undefined: nothing has ever gone. */
  readonly lost: string | undefined;
  /** Why something may be in it that nobody can read yet; a sentence. undefined: all can be read. */
  readonly hidden: string | undefined;
}

/** A topic that does not exist has lost all that was ever in it. */
export async function heldTopic(log: Log, topic: string, partition: number): Promise<HeldTopic> {
  const nothing = { topic, low: 0, end: 0, hidden: undefined };
  const [description] = await log.describeTopics([topic]);
  if (description === undefined) return { ...nothing, lost: `${topic} does not exist.` };
  const range = (await log.offsets(topic)).get(partition);
  if (range === undefined) return { ...nothing, lost: `${topic} has no partition ${partition}.` };
  const { low, end } = range;
  const lost =
    description.cleanupPolicy?.includes('compact') === true
      ? `${topic} is compacted.`
      : low > 0
        ? `${topic} partition ${partition} begins at offset ${low}.`
        : undefined;
  const written = (await log.highWatermarks(topic))?.get(partition) ?? end;
  const hidden = written > end ? `${topic} partition ${partition} is hidden from offset ${end} on by an open transaction.` : undefined;
  return { topic, low, end, lost, hidden };
}
