/** The decisions that tip.scored holds. */
import { decodeRecord } from '../events/decode.js';
import type { ScoredEvent } from '../topics.js';
import type { AuditDeps } from './audit.js';

/** Of these offsets, `to` excluded. */
export async function readDecisions(
  { log, partition, rules, signal }: AuditDeps,
  topic: string,
  { from, to }: { readonly from: number; readonly to: number },
  onDecision: (event: ScoredEvent) => void,
): Promise<void> {
  if (from >= to) return;
  for await (const records of log.read({ topic, partition, from, to, signal })) {
    for (const record of records) {
      const decoded = decodeRecord('tip.scored', record, rules);
      if (decoded.ok) onDecision(decoded.event as ScoredEvent);
    }
  }
}
