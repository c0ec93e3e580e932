/**
 * What a rebuild sends because the log lacks it: dead letters of records that are refused and have none, as after a change of the options
 * by which records are refused, and decisions that were made and never came to the log.
 */
import type { Finding } from '../audit/finding.js';
import { accepted } from '../audit/refusal.js';
import { deadLetter } from '../consumers/fold/dead-letter.js';
import { recordAt } from '../log/record-at.js';
import type { OutboxMessage } from '../store/tables/outbox.js';
import type { PartitionState } from '../store/partition-state.js';
import { fullTopicName } from '../topics.js';
import { rulesOf } from './audit-live.js';
import type { PartitionDeps } from './partition-deps.js';
import type { PartitionJob } from './partition-job.js';

/** Into the outbox of the new file, when that of the live one was carried over. */
export async function sendMissing(
  job: PartitionJob,
  { log, clock, signal }: PartitionDeps,
  state: PartitionState,
  findings: readonly Finding[],
): Promise<void> {
  const { partition, topicPrefix } = job.identity;
  const messages: OutboxMessage[] = [];
  for (const { kind, events, userId, id } of findings) {
    if (kind === 'decision') {
      const user = state.users.find(userId!);
      const decision = user && state.decisions.get(user.uid, id!);
      // One that was read back meanwhile is in the log.
      if (decision === undefined || decision.scoredOffset !== null) continue;
      const value = Buffer.from(JSON.stringify(decision.event));
      messages.push({ topic: fullTopicName(topicPrefix, 'tip.scored'), key: Buffer.from(userId!), value, headers: [] });
    }
    if (kind !== 'dead_letter') continue;
    const [{ topic, offset }] = events as [Finding['events'][number]];
    const record = await recordAt(log, { topic: fullTopicName(topicPrefix, topic), partition, offset }, signal);
    if (record === undefined) continue;
    const decoded = accepted(topic, record, rulesOf(job));
    if (!decoded.ok) messages.push(deadLetter(record, decoded.rejection, job.group, clock()));
  }
  if (messages.length > 0) state.transaction(clock(), () => messages.forEach((message) => state.outbox.add(message)));
}
