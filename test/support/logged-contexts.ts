/** Decisions with their contexts, as a file has them, of people who do urgent and overdue tips more often. */
import { CONTEXT_LINES } from '../../src/evaluation/context-lines.js';
import type { LoggedDecision } from '../../src/evaluation/logged-decision.js';
import { randomStream } from '../../src/random.js';

export interface Contexts {
  readonly decisions: number;
  readonly seed?: number;
  readonly users?: number;
  readonly candidates?: number;
  readonly epsilon?: number;
}

/** One object a line. The policy that decided scores a candidate at random highest. */
export function contextLines({ decisions, seed = 1, users = 4, candidates: count = 4, epsilon = 0.2 }: Contexts): object[] {
  const random = randomStream(seed, 'logged contexts');
  return Array.from({ length: decisions }, (_, i) => {
    const highest = random.integer(0, count - 1);
    const chosen = random.chance(epsilon) ? random.integer(0, count - 1) : highest;
    const candidates = Array.from({ length: count }, (_, k) => ({
      tip_id: `t${k}`,
      is_overdue: random.chance(0.3),
      task_age_days: random.integer(0, 40),
      priority: random.integer(1, 4),
      propensity: (k === highest ? 1 - epsilon : 0) + epsilon / count,
    }));
    const { priority, is_overdue: overdue } = candidates[chosen]!;
    const atMs = 1_795_000_000_000 + i * 600_000;
    return {
      decision_id: `d${i}`,
      user_id: `u${i % users}`,
      requested_at_ms: atMs,
      reacted_at_ms: atMs + 60_000,
      profile_features: { tip_volume_30d: 20, completion_rate_30d: 0.5 },
      candidates,
      chosen_tip_id: `t${chosen}`,
      reward: random.chance(0.1) ? null : random.chance(0.1 + 0.15 * priority + (overdue ? 0.2 : 0)) ? 1 : 0,
      segments: { persona: i % users === 0 ? 'first' : 'others' },
    };
  });
}

export function loggedContexts(of: Contexts): LoggedDecision[] {
  return contextLines(of).map((line) => CONTEXT_LINES.schema.parse(line).decision!);
}
