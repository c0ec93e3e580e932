/** A log as egreedy-v1 would leave it in a world with known rewards: written at once, with propensities that are true by construction. */
import { createHash } from 'node:crypto';
import { egreedyV1 } from '../../../src/policies/egreedy-v1.js';
import type { ScoredEvent } from '../../../src/topics.js';
import { seededRandom } from '../seeded-random.js';
import { recordOf, type EmbeddedService } from './service.js';

export interface Stretch {
  readonly decisions: number;
  readonly fromMs: number;
  readonly everyMs: number;
  readonly epsilon: number;
  /** Of the candidate that the policy scores highest: whether it is the overdue one. Every other one is not overdue. */
  readonly prefersOverdue: boolean;
  /** Chance of a done of an overdue candidate, and of any other. */
  readonly chances: { readonly overdue: number; readonly other: number };
  readonly candidates?: number;
  readonly users?: number;
  readonly seed?: number;
  /** Share of servings without a reaction. */
  readonly missing?: number;
  readonly policy?: string;
  /** What the records say of the rewarded decisions behind theta. */
  readonly updates?: number;
}

/** One candidate of each decision is overdue. Appends tip.scored, tip.served and tip.feedback of the stretch. */
export async function appendStretch(service: EmbeddedService, stretch: Stretch): Promise<void> {
  const {
    decisions,
    fromMs,
    everyMs,
    epsilon,
    prefersOverdue,
    chances,
    candidates: count = 2,
    users = 3,
    seed = 1,
    missing = 0,
    updates = 0,
  } = stretch;
  const random = seededRandom(seed);
  const records = [];
  for (let i = 0; i < decisions; i++) {
    const [at, user, decision] = [fromMs + i * everyMs, `u${i % users}`, `${seed}-${i}`];
    const vectorOf = egreedyV1.vectorizer({ requestedAtMs: at, utcOffsetMin: 0 }, {});
    const overdue = Math.floor(random() * count);
    const ids = Array.from({ length: count }, (_, k) => `${decision}.${k}`);
    const best = prefersOverdue ? overdue : (overdue + 1) % count;
    const propensityOf = (k: number): number => epsilon / count + (k === best ? 1 - epsilon : 0);
    let [chosen, u] = [0, random()];
    while (chosen < count - 1 && u >= propensityOf(chosen)) u -= propensityOf(chosen++);
    const event: ScoredEvent = {
      decision_id: decision,
      user_id: user,
      policy: stretch.policy ?? 'egreedy-v1',
      scored_at_ms: at,
      epsilon,
      explored: chosen !== best,
      chosen_tip_id: ids[chosen]!,
      ranking: ids.map((tip_id, k) => ({ tip_id, score: k === best ? 1 : 0, propensity: propensityOf(k) })),
      features: {
        names: [...egreedyV1.featureNames],
        vectors: Object.fromEntries(
          ids.map((tip_id, k) => [tip_id, vectorOf({ tip_id, is_overdue: k === overdue, task_age_days: 1, priority: 2 })]),
        ),
      },
      model: { updates, theta: [0, 0, 0, 0, 0, 0, 0] },
      salt: '0',
      profile: { as_of_ms: at, features: { tip_volume_30d: 20, completion_rate_30d: 0.5, dismiss_rate_30d: 0.5 } },
      feature_set: createHash('sha256').update('by hand').digest('hex').slice(0, 16),
      input: null,
      positions: {},
    };
    const done = random() < (chosen === overdue ? chances.overdue : chances.other);
    records.push(recordOf('tip.scored', event));
    records.push(recordOf('tip.served', { tip_id: event.chosen_tip_id, user_id: user, decision_id: decision, served_at_ms: at + 1 }));
    if (random() >= missing)
      records.push(
        recordOf('tip.feedback', {
          tip_id: event.chosen_tip_id,
          user_id: user,
          action: done ? 'done' : 'dismiss',
          reacted_at_ms: at + 2,
        }),
      );
  }
  await service.append(...records);
}
