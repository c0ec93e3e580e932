/**
 * How many partitions the topics have, and whether they are there at all: a missing -dlt topic shall show at start, not with the first
 * bad record.
 */
import { TipstreamError } from '../../errors.js';
import type { Log, TopicDescription } from '../port.js';

/** The number that all inputs share. Throws topic_not_found, and partition_count_changed when they differ. */
export async function countPartitions(log: Log, inputs: readonly string[]): Promise<number> {
  const descriptions = await describeAll(log, inputs);
  const counts = new Set(descriptions.map(({ partitions }) => partitions));
  if (counts.size !== 1) {
    throw new TipstreamError(
      'partition_count_changed',
      'the input topics differ in their number of partitions: ' +
        `${descriptions.map(({ name, partitions }) => `${name} ${partitions}`).join(', ')}`,
      {
        hint: 'Give all input topics the same number, so that one worker sees all of a user; `tipstream topics check` lists them.',
        details: { partitions: Object.fromEntries(descriptions.map(({ name, partitions }) => [name, partitions])) },
      },
    );
  }
  return descriptions[0]!.partitions;
}

/**
 * Each partition writes to the partition of its own number. Throws topic_not_found, and partition_count_changed when an output has too
 * few.
 */
export async function checkOutputs(log: Log, outputs: readonly string[], partitions: number): Promise<void> {
  for (const output of await describeAll(log, outputs)) {
    if (output.partitions >= partitions) continue;
    throw new TipstreamError(
      'partition_count_changed',
      `${output.name} has ${output.partitions} partitions, fewer than the ${partitions} of the input topics`,
      {
        hint: 'Give topics that belong together the same number; `tipstream topics check` lists them.',
        details: { topic: output.name, partitions: output.partitions, expected: partitions },
      },
    );
  }
}

async function describeAll(log: Log, topics: readonly string[]): Promise<readonly TopicDescription[]> {
  const descriptions = await log.describeTopics(topics);
  const missing = topics.filter((topic) => !descriptions.some(({ name }) => name === topic));
  if (missing.length === 0) return descriptions;
  throw new TipstreamError('topic_not_found', `the log has no topic ${missing.join(', ')}`, {
    hint: 'Create what is missing with `tipstream topics create`.',
    details: { missing },
  });
}

/**
 * The error that stops the service when the inputs no longer have `before` partitions; undefined while they do, and while nobody can
 * say.
 */
export async function changedCount(log: Log, topics: readonly string[], before: number): Promise<TipstreamError | undefined> {
  const counted = await countPartitions(log, topics).catch((error: unknown) =>
    error instanceof TipstreamError && error.code === 'partition_count_changed' ? error : undefined,
  );
  if (counted === undefined || counted === before) return undefined;
  if (counted instanceof TipstreamError) return counted;
  return new TipstreamError(
    'partition_count_changed',
    `the input topics now have ${counted} partitions; the state was folded under ${before}`,
    {
      hint:
        'Move the state folder away (a changed count sends users to other partitions, so every partition is stopped) to ' +
        'rebuild it from a log whose events were all written under the new count.',
    },
  );
}
