/**
 * What a replay keeps of the log, per user: the events themselves, in no other form than they were written. Nothing is folded while
 * reading.
 */

import type { EventOf } from '../events/decode.js';
import type { ConsumedTopic, RowTopic } from '../topics.js';

export type ReplayedTopic = ConsumedTopic;

export type EventKind = 'served' | 'done' | 'dismiss' | 'snooze';

export interface ReplayedEvent {
  readonly kind: EventKind;
  /** served_at_ms or reacted_at_ms. */
  readonly atMs: number;
  /** The category of a serving; null when it names none, and for reactions. */
  readonly category: string | null;
  /** utc_offset_min of a done; null when it names none. */
  readonly offsetMin: number | null;
  /** The decision that a serving names. */
  readonly decisionId: string | null;
  /** Of a serving; null when it names none, and for reactions. */
  readonly promptVersion: string | null;
  /** In its topic and partition; FROM_STATE for what only the state file remembers of a log that has lost its beginning. */
  readonly offset: number;
}

export const FROM_STATE = -1;

/** The record of tip.scored or tip.scored.shadow with the lowest offset for a decision. */
export interface ReplayedDecision {
  readonly offset: number;
  /** The event in canonical form, as JSON. */
  readonly record: string;
}

/** An event of a topic that is folded into rows, field by field. */
export interface ReplayedActivity<Topic extends RowTopic = RowTopic> {
  readonly topic: Topic;
  readonly offset: number;
  readonly event: EventOf<Topic>;
}

/** Unix ms: the earliest of the times that the event says. */
export function earliestTime({ event }: ReplayedActivity): number {
  const times = Object.entries(event).filter(([field]) => field.endsWith('_at_ms'));
  return Math.min(...times.map(([, atMs]) => atMs as number));
}

export interface ReplayedUser {
  readonly userId: string;
  /** tip_id -> its events, in the order of their topic's offsets. */
  readonly tips: Map<string, ReplayedEvent[]>;
  /** decision_id -> the decision. */
  readonly decisions: Map<string, ReplayedDecision>;
  readonly shadowDecisions: Map<string, ReplayedDecision>;
  readonly activity: ReplayedActivity[];
}

export function replayedUser(userId: string): ReplayedUser {
  return { userId, tips: new Map(), decisions: new Map(), shadowDecisions: new Map(), activity: [] };
}

export function topicOf(kind: EventKind): 'tip.served' | 'tip.feedback' {
  return kind === 'served' ? 'tip.served' : 'tip.feedback';
}
