import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecisionLog, sumsIn } from '../../../src/evaluation/rollouts/decision-log.js';
import { AGES_MS } from '../../../src/evaluation/rollouts/looks.js';

const HOUR_MS = 3_600_000;

describe('a log of decisions', () => {
  it('has the sums of any window at any age', () => {
    const hours = fc.integer({ min: 0, max: 80 }).map((count) => count * HOUR_MS);
    const decisions = fc.array(
      fc.record({
        requestedAtMs: fc.integer({ min: 0, max: 20 }),
        reactions: fc.array(fc.record({ afterMs: hours, reward: fc.constantFrom(1, 0.25, -0.5) }), { maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(
        decisions,
        fc.integer({ min: -2, max: 22 }),
        fc.integer({ min: -2, max: 22 }),
        fc.constantFrom(...AGES_MS),
        (all, a, b, ageMs) => {
          const log = new DecisionLog();
          for (const decision of all) log.add({ userId: 'ana', ...decision });
          const own = all.filter(({ requestedAtMs }) => requestedAtMs >= a && requestedAtMs < b);
          const rewards = own.map(({ reactions }) => reactions.filter(({ afterMs }) => afterMs <= ageMs)[0]?.reward ?? 0);
          expect(sumsIn(log.users()[0]!, { fromMs: a, toMs: b }, ageMs)).toEqual({
            decisions: own.length,
            reward: rewards.reduce<number>((sum, reward) => sum + reward, 0),
            squares: rewards.reduce<number>((sum, reward) => sum + reward ** 2, 0),
          });
        },
      ),
    );
  });
});
