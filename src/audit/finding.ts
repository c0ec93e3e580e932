/** What an audit finds: where a state file and the log do not account for each other. */
import type { AcceptedSince } from './accepted-since.js';
import type { RecordAddress } from '../log/record-address.js';
import { fullTopicName, type ConsumedTopic, type TopicName } from '../topics.js';

/**
 * request: one that was passed and is answered nowhere. decision: one that was made and will never be in the log. dead_letter: the one
 * that a refused record lacks. outbox, shadow_pending: a row that nothing accounts for. count: one behind /metrics that is not what the
 * log gives. prune: a recorded one that says it took something else than it takes of the events.
 */
export type FindingKind = 'request' | 'decision' | 'dead_letter' | 'outbox' | 'shadow_pending' | 'count' | 'prune';

/** A record of the partition that is audited. */
export interface Address {
  readonly topic: ConsumedTopic;
  readonly offset: number;
}

export interface Finding {
  readonly kind: FindingKind;
  /** null: it belongs to no user. */
  readonly userId: string | null;
  /** The decision, the row's sequence number or the name of the count. */
  readonly id: string | null;
  readonly feature: string;
  /** What the state file says; null: nothing. */
  readonly live: unknown;
  /** What the log says; null: nothing. */
  readonly replayed: unknown;
  /** The record that speaks for the log, where there is one. */
  readonly events: readonly Address[];
}

/** With prefix and partition, as documents name them. */
export function recordAddresses(
  events: readonly { readonly topic: TopicName; readonly offset: number }[],
  topicPrefix: string,
  partition: number,
): RecordAddress[] {
  return events.map(({ topic, offset }) => ({ topic: fullTopicName(topicPrefix, topic), partition, offset }));
}

/** An id of a user or decision holds no control character. */
export const decisionName = (userId: string, decisionId: string): string => `${userId}\n${decisionId}`;

/** What cannot be told, neither as a difference nor as equal. */
export interface Untold {
  readonly partition: number;
  readonly kind: FindingKind;
  /** With its prefix; null: it is of no topic. */
  readonly topic: string | null;
  /** Of how many. */
  readonly count: number;
  /** A sentence. */
  readonly reason: string;
}

export interface AuditReport {
  readonly findings: readonly Finding[];
  readonly untold: readonly Untold[];
  readonly acceptedSince: readonly AcceptedSince[];
}

export const NO_FINDINGS: AuditReport = { findings: [], untold: [], acceptedSince: [] };
