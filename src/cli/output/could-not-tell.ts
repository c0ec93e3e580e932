/** Lines for what `verify` and `rebuild` can call neither equal nor different. */
import type { FindingKind, Untold } from '../../audit/finding.js';
import type { Output } from './output.js';

const KINDS: Readonly<Record<FindingKind, string>> = {
  request: 'requests without a decision',
  decision: 'decisions that were not published',
  dead_letter: 'dead letters',
  outbox: 'messages in the outbox',
  shadow_pending: 'requests that wait for the shadow',
  count: 'counts',
  prune: 'recorded prunes',
};

export function noteUntold(output: Output, untold: readonly Untold[]): void {
  for (const { partition, kind, count, reason } of untold)
    output.note(`could not tell: ${KINDS[kind]} (${count}) of partition ${partition}. ${reason}`);
}
