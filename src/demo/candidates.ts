/** What the simulated task lists offer at a moment, and which of it the upstream rule serves. */
import type { Candidate } from '../topics.js';
import { CATEGORIES, type Habits } from './personas.js';
import type { Random } from '../random.js';

const FEWEST = 2;
const MOST = 8;
/** The share of servings for which upstream follows its rule; for the rest it runs experiments. */
const RULE_FOLLOWED = 0.85;
const SOURCES = ['todoist', 'calendar', 'email'] as const;
/** A candidate is one of the user's favourites this often, and uncategorised that often. */
const FAVOURITE_SHARE = 0.45;
const UNCATEGORISED_SHARE = 0.05;

export function drawCandidates(decisionId: string, habits: Habits, random: Random): Candidate[] {
  return Array.from({ length: random.integer(FEWEST, MOST) }, (_, index) => {
    const ageDays = Math.round(random.exponential(6) * 10) / 10;
    const candidate: Candidate = {
      tip_id: `${decisionId}.${index + 1}`,
      is_overdue: random.chance(Math.min(0.8, ageDays / 15)),
      task_age_days: ageDays,
      priority: random.weighted([1, 2, 3, 4], (priority) => 5 - priority),
      source: random.pick(SOURCES),
    };
    if (random.chance(UNCATEGORISED_SHARE)) return candidate;
    return { ...candidate, category: random.chance(FAVOURITE_SHARE) ? random.pick(habits.favourites) : random.pick(CATEGORIES) };
  });
}

/** Upstream's rule: overdue first, then the most urgent, then the oldest; now and then any other. */
export function serveOneOf(candidates: readonly Candidate[], random: Random): Candidate {
  if (!random.chance(RULE_FOLLOWED)) return random.pick(candidates);
  return candidates.reduce((best, candidate) => (ruleOrder(candidate, best) > 0 ? candidate : best));
}

function ruleOrder(a: Candidate, b: Candidate): number {
  return Number(a.is_overdue) - Number(b.is_overdue) || a.priority - b.priority || a.task_age_days - b.task_age_days;
}
