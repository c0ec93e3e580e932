import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aaTest, type AaResult } from '../../../src/evaluation/rollouts/aa-test.js';
import { DecisionLog, sumsIn } from '../../../src/evaluation/rollouts/decision-log.js';
import { AGES_MS } from '../../../src/evaluation/rollouts/looks.js';
import { finished } from '../../support/finished.js';
import { seededRandom } from '../../support/seeded-random.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Users who differ in how often they come and what they do. */
function logOf(users: number, days: number, seed: number): DecisionLog {
  const random = seededRandom(seed);
  const log = new DecisionLog();
  for (let user = 0; user < users; user++) {
    const [rate, gapMs] = [random(), (2 + 20 * random()) * HOUR_MS];
    for (let atMs = gapMs * random(); atMs < days * DAY_MS; atMs += 2 * gapMs * random()) {
      const doneAfterMs = random() < rate ? Math.floor(random() ** 4 * 100 * HOUR_MS) : null;
      log.add({ userId: `user-${user}`, requestedAtMs: Math.floor(atMs), doneAfterMs });
    }
  }
  return log;
}

describe('a log of decisions', () => {
  it('has the sums of any window at any age', () => {
    const decisions = fc.array(
      fc.record({
        requestedAtMs: fc.integer({ min: 0, max: 20 }),
        doneAfterMs: fc.option(fc.integer({ min: 0, max: 80 }).map((hours) => hours * HOUR_MS)),
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
          expect(sumsIn(log.users()[0]!, { fromMs: a, toMs: b }, ageMs)).toEqual({
            decisions: own.length,
            reward: own.filter(({ doneAfterMs }) => doneAfterMs !== null && doneAfterMs <= ageMs).length,
          });
        },
      ),
    );
  });
});

describe('rollouts of nothing', () => {
  const run = (log: DecisionLog, rollouts: number, seed = 1, relabellings = 199): AaResult =>
    finished(aaTest(log, { rollouts, seed, relabellings }));

  it('are seldom rolled back or called better, and where the users are too few not judged at all', () => {
    const result = run(logOf(120, 32, 1), 200);
    expect(result.worlds.map(({ percents, rollouts }) => [percents, rollouts])).toEqual([
      [[10], 50],
      [[50], 50],
      [[95], 50],
      [[10, 50], 50],
    ]);
    const [ten, fifty, most, raised] = result.worlds;
    // 12 users in an arm of a tenth: nothing is decided, so no alarm is no comfort.
    expect([ten!.decided, most!.decided]).toEqual([0, 0]);
    expect(ten!.rollback_rate).toEqual({ low: 0, high: 1 });
    expect([fifty!.decided, raised!.decided]).toEqual([50, 50]);
    // 100 rollouts: 5 and 2.5 alarms at most on average; more than these would happen once in a hundred.
    expect(result.false_rollbacks).toBeLessThanOrEqual(10);
    expect(result.false_promotes).toBeLessThanOrEqual(7);
    expect(result.decided).toBe(100);
    expect(result.rollback_rate.low * 100).toBeLessThanOrEqual(result.false_rollbacks);
    expect(result.rollback_rate.high * 100).toBeGreaterThan(result.false_rollbacks);
  });

  it('are the same for the same seed, and others for another', () => {
    const log = logOf(60, 29, 2);
    const [one, again, other] = [run(log, 4, 1), run(log, 4, 1), run(log, 4, 2)];
    expect(again).toEqual(one);
    expect(other.seed).not.toBe(one.seed);
  });

  it('need four weeks of decisions', () => {
    expect(() => run(logOf(5, 27, 3), 1)).toThrow(/span 2[67]\.\d days, and a rollout of nothing needs 28: 14 before it and 14 of its own/);
    expect(() => run(new DecisionLog(), 1)).toThrow('no decision here');
    const log = new DecisionLog();
    for (const requestedAtMs of [0, 28 * DAY_MS]) log.add({ userId: 'ana', requestedAtMs, doneAfterMs: null });
    expect(run(log, 4)).toMatchObject({ rollouts: 4, decided: 0, false_rollbacks: 0 });
  });
});
