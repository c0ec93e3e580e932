/**
 * A user's events after the prunes that the state file says it went through, the obvious way: the events that had come by then,
 * without those of tips all of whose times were older than the horizon, then on to the next. The reward of a decision when a prune
 * took one of its servings stays.
 */
import type { ScoredEvent } from '../topics.js';
import { naiveLinks, naivePromptVersion, naiveReward, type NaiveClosing, type NaiveServing } from './naive-policy.js';
import { byCodePoint, naiveTip } from './naive-profile.js';
import { naiveWorthAt, type WorthSetting } from './naive-worth.js';
import { topicOf, type ReplayedDecision, type ReplayedEvent, type ReplayedTopic, type ReplayedUser } from './replayed.js';

/** As the state file records it. */
export interface NaivePrune {
  readonly seq: number;
  readonly horizonMs: number;
  /** Users after this one by code point, */
  readonly afterUser: string;
  /** up to this one; null: all that follow. */
  readonly toUser: string | null;
  /** topic -> the first offset that had not come. */
  readonly positions: ReadonlyMap<ReplayedTopic, number>;
}

/** Told how many rows of a kind a prune took from a user. */
export type RowsTaken = (seq: number, kind: string, count: number) => void;

export interface Pruned {
  /** tip_id -> the events that are left of it. */
  readonly tips: Map<string, ReplayedEvent[]>;
  /** decision_id -> its reward when it lost a serving. */
  readonly closed: Map<string, NaiveClosing>;
  /** seq -> how many tips it took. */
  readonly taken: Map<number, number>;
}

export function concerning(prunes: readonly NaivePrune[], userId: string): NaivePrune[] {
  return prunes.filter(
    ({ afterUser, toUser }) => byCodePoint(userId, afterUser) > 0 && (toUser === null || byCodePoint(userId, toUser) <= 0),
  );
}

/**
 * `prunes` concern the user, in their order. `otherwise`: tip_id -> the one prune, by seq, that took what had come of it by then;
 * null: none did.
 */
export function naivelyPruned(
  user: ReplayedUser,
  prunes: readonly NaivePrune[],
  worth: readonly WorthSetting[],
  otherwise: ReadonlyMap<string, number | null> = new Map(),
): Pruned {
  const tips = new Map<string, ReplayedEvent[]>();
  const newest = new Map<string, number>();
  const closed = new Map<string, NaiveClosing>();
  const taken = new Map<number, number>();
  const come = (tipId: string, events: readonly ReplayedEvent[]) => {
    const all = [...(tips.get(tipId) ?? []), ...events];
    const { served, done, dismiss, snooze } = naiveTip(tipId, all);
    tips.set(tipId, all);
    newest.set(tipId, Math.max(...[served, done, dismiss, snooze].filter((time) => time !== null)));
  };
  let waiting = [...user.tips];
  for (const { seq, horizonMs, positions } of prunes) {
    const early = ({ kind, offset }: ReplayedEvent) => offset < (positions.get(topicOf(kind)) ?? 0);
    for (const [tipId, events] of waiting) if (events.some(early)) come(tipId, events.filter(early));
    waiting = waiting
      .map(([tipId, events]): [string, ReplayedEvent[]] => [tipId, events.filter((event) => !early(event))])
      .filter(([, events]) => events.length > 0);
    const going = [...tips.keys()].filter((tipId) =>
      otherwise.has(tipId) ? otherwise.get(tipId) === seq : newest.get(tipId)! < horizonMs,
    );
    if (going.length === 0) continue;
    const known = (decisions: ReadonlyMap<string, ReplayedDecision>, decisionId: string, topic: ReplayedTopic) => {
      const decision = decisions.get(decisionId);
      return decision !== undefined && decision.offset < (positions.get(topic) ?? 0) ? decision : undefined;
    };
    for (const [decisionId, servings] of naiveLinks(tips)) {
      if (closed.has(decisionId) || !going.some((tipId) => servings.has(tipId))) continue;
      const answer = known(user.decisions, decisionId, 'tip.scored');
      const then = worth.filter(({ offset }) => offset < (positions.get('policy.control') ?? 0));
      if (answer !== undefined) closed.set(decisionId, closingOf(answer, servings, tips, then));
      else if (known(user.shadowDecisions, decisionId, 'tip.scored.shadow') !== undefined)
        closed.set(decisionId, { earned: null, promptVersion: null });
    }
    for (const tipId of going) tips.delete(tipId);
    taken.set(seq, going.length);
  }
  for (const [tipId, events] of waiting) come(tipId, events);
  return { tips, closed, taken };
}

function closingOf(
  { record }: ReplayedDecision,
  servings: ReadonlyMap<string, NaiveServing>,
  tips: ReadonlyMap<string, readonly ReplayedEvent[]>,
  worth: readonly WorthSetting[],
): NaiveClosing {
  const { features, profile } = JSON.parse(record) as ScoredEvent;
  const isCandidate = (tipId: string) => Object.hasOwn(features.vectors, tipId);
  const tipNamed = (tipId: string) => (tips.has(tipId) ? naiveTip(tipId, tips.get(tipId)!) : undefined);
  const earned = naiveReward(isCandidate, servings, tipNamed, naiveWorthAt(worth, profile.as_of_ms));
  return { earned, promptVersion: naivePromptVersion(isCandidate, servings) };
}
