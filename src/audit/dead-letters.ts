/** Each refused record has its dead letter: in its topic, in the outbox, or in a file where the topic did not take it. */
import { readdirSync } from 'node:fs';
import { readDeadLetterReason } from '../events/dead-letter.js';
import { deadLetterTopic, type ConsumedTopic } from '../topics.js';
import type { Audit } from './audit.js';
import { heldTopic, type HeldTopic } from './held.js';

/** Offsets of a topic's records of which the log has dead letters. */
export async function offsetsWithLetters(audit: Audit, source: ConsumedTopic): Promise<ReadonlySet<number>> {
  const held = await heldTopic(audit.deps.log, deadLetterTopic(audit.nameOf(source)), audit.deps.partition);
  const offsets = new Set<number>();
  for await (const { offset } of lettersIn(audit, source, held)) offsets.add(offset);
  return offsets;
}

/** When the outbox was looked at. */
export async function settleDeadLetters(audit: Audit): Promise<void> {
  const { log, partition, deadLetterDirectory } = audit.deps;
  for (const [source, refused] of audit.refusals) {
    if (refused.missing === 0) continue;
    const input = audit.nameOf(source);
    const held = await heldTopic(log, deadLetterTopic(input), partition);
    for await (const { offset } of lettersIn(audit, source, held)) {
      refused.bury(offset);
      if (refused.missing === 0) break;
    }
    if (refused.missing === 0) continue;
    const files = namesIn(deadLetterDirectory);
    for (const { offset, code } of refused.withoutLetter()) {
      if (files.has(`${input}-${partition}-${offset}.record.ndjson`)) continue;
      const why = held.lost ?? held.hidden;
      if (why !== undefined) audit.cannotTell('dead_letter', held.topic, `${why} The dead letter may have been there.`);
      else
        audit.find({
          kind: 'dead_letter',
          userId: null,
          id: null,
          feature: code,
          live: null,
          replayed: `a record in ${held.topic}`,
          events: [{ topic: source, offset }],
        });
    }
  }
}

function namesIn(directory: string): ReadonlySet<string> {
  try {
    return new Set(readdirSync(directory));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Set();
    throw error;
  }
}

/** The record that each letter is of, and why it was refused. */
export async function* lettersIn(
  audit: Pick<Audit, 'deps' | 'nameOf'>,
  source: ConsumedTopic,
  { topic, low, end }: HeldTopic,
): AsyncGenerator<{ readonly offset: number; readonly code: string | null }> {
  const { log, partition, signal } = audit.deps;
  if (low >= end) return;
  for await (const records of log.read({ topic, partition, from: low, to: end, signal, raw: true })) {
    for (const { headers } of records) {
      const reason = readDeadLetterReason(headers);
      if (reason.topic === audit.nameOf(source) && reason.partition === partition && reason.offset !== null)
        yield { offset: reason.offset, code: reason.code };
    }
  }
}
