/** What the audits of all partitions found, as a document lists it. */
import { recordAddresses, type FindingKind } from '../audit/finding.js';
import type { PartitionOutcome } from './partition-job.js';
import type { RebuildDocument } from './rebuild.js';

export interface Difference {
  /** null: it belongs to no user. */
  readonly user_id: string | null;
  readonly partition: number;
  readonly kind: FindingKind;
  /** The decision, the row's sequence number or the name of the count. */
  readonly id: string | null;
  readonly feature: string;
  readonly live: unknown;
  readonly replayed: unknown;
  /** The record behind it, where there is one. */
  readonly events: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[];
}

const LISTED = 1_000;

export function differencesOf(
  outcomes: readonly PartitionOutcome[],
  topicPrefix: string,
): Pick<RebuildDocument, 'differences' | 'difference_count' | 'accepted_since' | 'could_not_tell'> {
  const all = outcomes.flatMap(({ partition, audit }) => audit.findings.map((finding) => ({ partition, finding })));
  return {
    differences: all.slice(0, LISTED).map(({ partition, finding: { userId, events, kind, id, feature, live, replayed } }) => ({
      user_id: userId,
      partition,
      kind,
      id,
      feature,
      live,
      replayed,
      events: recordAddresses(events, topicPrefix, partition),
    })),
    difference_count: all.length,
    accepted_since: outcomes.flatMap(({ audit }) => audit.acceptedSince),
    could_not_tell: outcomes.flatMap(({ audit }) => audit.untold),
  };
}
