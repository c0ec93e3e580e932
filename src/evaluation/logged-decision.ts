/** A decision that was logged with what came of it, whether the log here holds it or a file: all that a replay of another policy needs. */
import type { PolicyDefinition } from '../policies/policy.js';
import { exampleVector } from '../policies/learning.js';
import type { StatePart } from '../policies/controls/migration.js';
import { policyOfEvent } from '../policies/registry.js';
import { vectorsUnder } from '../policies/revectorise.js';
import type { ScoredEvent } from '../topics.js';
import { hourOfRecord, segmentsOf } from './segment-of.js';

export interface LoggedDecision {
  readonly decisionId: string;
  readonly userId: string;
  /** Unix ms. */
  readonly requestedAtMs: number;
  readonly chosenTipId: string;
  /** The candidate that was served under it; null when no serving has come. */
  readonly servedTipId: string | null;
  /** 0 to 1; null: none has come. */
  readonly reward: number | null;
  /** When the reaction came, Unix ms; null without a reward, and where nobody knows any more. */
  readonly reactedAtMs: number | null;
  /** The user's newest reset that held when it was requested, Unix ms; null: none. */
  readonly resetAtMs: number | null;
  /**
   * The epsilon that it was made with; null: nobody says, or the policy that decided has one of its own. A policy that is tried on the
   * decision explores as much, so that the two differ by what they have learned and not by how much they explore.
   */
  readonly epsilon: number | null;
  /** tip_id -> how likely the policy that decided was to choose it. */
  readonly propensities: ReadonlyMap<string, number>;
  /** tip_id -> the vector that `policy` would have had; undefined when the record does not hold what it is made of. */
  vectorsUnder(policy: PolicyDefinition): ReadonlyMap<string, readonly number[]> | undefined;
  /** The vector by which a state of these parts has learned from the tip; undefined: by none. */
  exampleFor(parts: readonly StatePart[], tipId: string): Float64Array | readonly number[] | undefined;
  /** dimension -> segment; `firstAtMs`: the user's first logged decision. */
  segments(firstAtMs: number): Record<string, string>;
}

/** What the log here knows of a decision beside its record. */
export interface RecordedOutcome extends Pick<LoggedDecision, 'servedTipId' | 'reward' | 'reactedAtMs' | 'resetAtMs'> {
  readonly event: ScoredEvent;
  /** Of the serving. */
  readonly category: string | null;
}

export function recordedDecision({ event, servedTipId, reward, reactedAtMs, resetAtMs, category }: RecordedOutcome): LoggedDecision {
  const { as_of_ms: requestedAtMs, features: profile } = event.profile;
  return {
    decisionId: event.decision_id,
    userId: event.user_id,
    requestedAtMs,
    chosenTipId: event.chosen_tip_id,
    servedTipId,
    reward,
    reactedAtMs,
    resetAtMs,
    epsilon: policyOfEvent(event.policy)?.fixedEpsilon == null ? event.epsilon : null,
    propensities: new Map(event.ranking.map(({ tip_id, propensity }) => [tip_id, propensity])),
    vectorsUnder: (policy) => vectorsUnder(policy, event),
    exampleFor(parts, tipId) {
      const part = parts.find(({ examples, sinceMs }) => examples.decidedBy === event.policy && requestedAtMs >= sinceMs);
      return part === undefined ? undefined : exampleVector(event, part.examples, tipId);
    },
    segments: (firstAtMs) => segmentsOf({ profile, hour: hourOfRecord(event), category, tenureMs: requestedAtMs - firstAtMs }),
  };
}
