/** What tip.scored holds beyond the position of a state file. */
import { decodeRecord } from '../events/decode.js';
import type { ScoredEvent } from '../topics.js';
import type { AuditDeps } from './audit.js';
import type { HeldTopic } from './held.js';

/** `from` the position on, as far as the log held it when it was asked. */
export async function readTail(
  { log, partition, rules, signal }: AuditDeps,
  { topic, low, end }: HeldTopic,
  position: number,
  onDecision: (event: ScoredEvent) => void,
): Promise<void> {
  const from = Math.max(position, low);
  if (from >= end) return;
  for await (const records of log.read({ topic, partition, from, to: end, signal })) {
    for (const record of records) {
      const decoded = decodeRecord('tip.scored', record, rules);
      if (decoded.ok) onDecision(decoded.event as ScoredEvent);
    }
  }
}
