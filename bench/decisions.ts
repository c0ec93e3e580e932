/** Candidates as the upstream asks for them, and what it appends once they are answered. */
import { randomStream } from '../src/random.js';
import type { CandidatesEvent, FeedbackEvent, ScoredEvent, ServedEvent } from '../src/topics.js';

export const CANDIDATES = 8;
const CATEGORIES = ['health', 'finance', 'learning', 'home'];

export function candidatesOf(userId: string, decisionId: string, nowMs: number, count = CANDIDATES): CandidatesEvent {
  const random = randomStream(1, decisionId);
  const candidates = Array.from({ length: count }, (_, i) => ({
    tip_id: `${decisionId}-${i}`,
    is_overdue: random.chance(0.3),
    task_age_days: random.integer(0, 40),
    priority: random.integer(1, 4),
    category: random.pick(CATEGORIES),
  }));
  return { decision_id: decisionId, user_id: userId, requested_at_ms: nowMs, candidates, utc_offset_min: 60 };
}

export function servedOf({ decision_id, user_id, chosen_tip_id, policy }: ScoredEvent, nowMs: number): ServedEvent {
  return {
    tip_id: chosen_tip_id,
    user_id,
    served_at_ms: nowMs,
    decision_id,
    policy,
    source: 'tasks',
    category: 'home',
    utc_offset_min: 60,
  };
}

/** Seven in ten decisions are reacted to. */
export function feedbackOf({ decision_id, user_id, chosen_tip_id }: ScoredEvent, nowMs: number): FeedbackEvent | undefined {
  const random = randomStream(2, decision_id);
  if (!random.chance(0.7)) return undefined;
  return { tip_id: chosen_tip_id, user_id, action: random.chance(0.6) ? 'done' : 'dismiss', reacted_at_ms: nowMs + 1, utc_offset_min: 60 };
}
