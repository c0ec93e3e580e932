/** tip.scored and tip.scored.shadow: written from a Scored, and read back as the decision they record. */
import type { ScoredEvent } from '../topics.js';
import type { Scored } from './score.js';

/** What the event says beyond the choice itself. */
export interface ScoredEventFacts {
  readonly decisionId: string;
  readonly userId: string;
  readonly scoredAtMs: number;
  /** The user's profile as of requested_at_ms; `as_of_ms` is how the event carries requested_at_ms. */
  readonly profile: ScoredEvent['profile'];
  /** Hash of the registry of features that the profile was computed with. */
  readonly featureSet: string;
  /** The tip.candidates record that asked; null when POST /score did. */
  readonly input: ScoredEvent['input'];
  /** Topic -> next offset of this partition when it was scored. */
  readonly positions: ScoredEvent['positions'];
  /** Of a shadow: the live policy it ran beside. */
  readonly shadowOf?: string | undefined;
}

/** The event's value. Its fields always come in this order, so equal decisions are equal bytes. */
export function scoredEvent(scored: Scored, facts: ScoredEventFacts): ScoredEvent {
  return {
    decision_id: facts.decisionId,
    user_id: facts.userId,
    policy: scored.policy,
    scored_at_ms: facts.scoredAtMs,
    epsilon: scored.epsilon,
    explored: scored.explored,
    chosen_tip_id: scored.chosenTipId,
    ranking: scored.ranking,
    features: { names: [...scored.featureNames], vectors: scored.vectors },
    model: {
      updates: scored.updates,
      theta: scored.theta,
      ...(scored.prior === undefined ? {} : { prior: scored.prior }),
      ...(scored.g === undefined ? {} : { g: scored.g }),
    },
    salt: scored.salt,
    profile: facts.profile,
    feature_set: facts.featureSet,
    input: facts.input,
    positions: facts.positions,
    ...(facts.shadowOf === undefined ? {} : { shadow_of: facts.shadowOf }),
  };
}

const BEFORE_DECISION_ID = Buffer.from('{"decision_id":"');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * The decision_id at the head of an event that scoredEvent built, without parsing the rest. undefined: the bytes begin otherwise, or the
 * id is escaped. It is a guess until the bytes are compared with those of that decision.
 */
export function decisionIdAhead(value: Buffer): string | undefined {
  const start = BEFORE_DECISION_ID.length;
  if (value.compare(BEFORE_DECISION_ID, 0, start, 0, Math.min(start, value.length)) !== 0) return undefined;
  const end = value.indexOf(QUOTE, start);
  const id = value.subarray(start, Math.max(start, end));
  return id.length === 0 || id.includes(BACKSLASH) ? undefined : id.toString();
}

/** The vector an event recorded for one of its candidates; undefined when the tip is not one of them. */
export function recordedVector(event: Pick<ScoredEvent, 'features'>, tipId: string): readonly number[] | undefined {
  const { vectors } = event.features;
  return Object.hasOwn(vectors, tipId) ? vectors[tipId] : undefined;
}

/** The candidates of a decision: every tip it recorded a vector for. */
export function candidateIds(event: Pick<ScoredEvent, 'features'>): string[] {
  return Object.keys(event.features.vectors);
}
