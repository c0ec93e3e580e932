/** What the world says of a decision: the chosen tip is shown, and its user does it, dismisses it or leaves it. */
import type { CandidatesEvent, FeedbackEvent, ServedEvent } from '../../topics.js';
import type { Question } from './people.js';

const SHOWN_AFTER_MS = 1_000;

/** Of tip.scored, what this needs. */
export interface Decided {
  readonly decision_id: string;
  readonly chosen_tip_id: string;
  readonly policy: string;
}

export interface Answer {
  readonly served: ServedEvent;
  /** Absent: the user leaves the tip alone. */
  readonly feedback?: FeedbackEvent;
}

export function candidatesOf({ userId, decisionId, decision }: Question): CandidatesEvent {
  return { decision_id: decisionId, user_id: userId, requested_at_ms: decision.requestedAtMs, candidates: [...decision.candidates] };
}

/** As in `simulate`: done where the candidate's number lies below its chance. */
export function answerTo({ userId, persona, decision }: Question, decided: Decided): Answer {
  const { requestedAtMs, candidates, chances, fates, dismissFate, dwellMs } = decision;
  const chosen = candidates.findIndex(({ tip_id: tipId }) => tipId === decided.chosen_tip_id);
  const candidate = candidates[chosen]!;
  const servedAtMs = requestedAtMs + SHOWN_AFTER_MS;
  const served: ServedEvent = {
    tip_id: candidate.tip_id,
    user_id: userId,
    served_at_ms: servedAtMs,
    decision_id: decided.decision_id,
    policy: decided.policy,
    ...(candidate.category == null ? {} : { category: candidate.category }),
  };
  const action = fates[chosen]! < chances[chosen]! ? 'done' : dismissFate < persona.dismisses ? 'dismiss' : undefined;
  if (action === undefined) return { served };
  const feedback = {
    tip_id: candidate.tip_id,
    user_id: userId,
    action,
    reacted_at_ms: servedAtMs + dwellMs,
    feedback_id: `${candidate.tip_id}.f1`,
  } as const;
  return { served, feedback };
}
