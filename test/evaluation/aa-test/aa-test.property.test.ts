/** Rollouts of nothing: seldom a false alarm, the same for the same seed, and nothing said of what was not tried. */
import { describe, expect, it } from 'vitest';
import { aaTest, type AaOptions, type AaResult } from '../../../src/evaluation/aa-test/aa-test.js';
import { DecisionOdds } from '../../../src/evaluation/aa-test/decision-odds.js';
import { DecisionLog } from '../../../src/evaluation/rollouts/decision-log.js';
import { placeOf } from '../../../src/evaluation/rollouts/place.js';
import { finished } from '../../support/finished.js';
import { seededRandom } from '../../support/seeded-random.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const EXPLORING = [0.925, 0.025, 0.025, 0.025];

interface Logged {
  readonly decisions: DecisionLog;
  readonly odds: DecisionOdds;
}

/**
 * Users who differ in how often they come and what they do, of whose decisions a tenth explore. `effect`: added to a user's rate in the
 * second half.
 */
function logOf(users: number, days: number, seed: number, effect: (userId: string) => number = () => 0): Logged {
  const random = seededRandom(seed);
  const [decisions, odds] = [new DecisionLog(), new DecisionOdds()];
  for (let user = 0; user < users; user++) {
    const [rate, gapMs] = [random(), (2 + 20 * random()) * HOUR_MS];
    for (let atMs = gapMs * random(); atMs < days * DAY_MS; atMs += 2 * gapMs * random()) {
      const chance = rate + (atMs < (days / 2) * DAY_MS ? 0 : effect(`user-${user}`));
      const doneAfterMs = random() < chance ? Math.floor(random() ** 4 * 100 * HOUR_MS) : null;
      const requestedAtMs = Math.floor(atMs);
      decisions.add({
        userId: `user-${user}`,
        requestedAtMs,
        reactions: doneAfterMs === null ? [] : [{ afterMs: doneAfterMs, reward: 1 }],
      });
      odds.add({ requestedAtMs, propensities: EXPLORING, reward: doneAfterMs === null ? null : 1 });
    }
  }
  return { decisions, odds };
}

const run = (log: Logged, options: Partial<AaOptions> = {}): AaResult =>
  finished(aaTest(log, { rollouts: 200, seed: 1, relabellings: 199, ...options }));

describe('rollouts of nothing', () => {
  it('are seldom rolled back, called better or promoted, and where the users are too few not judged at all', () => {
    const result = run(logOf(120, 32, 1));
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
    expect(result.false_gains).toBeLessThanOrEqual(7);
    expect(result.decided).toBe(100);
    expect(result.rollback_rate.low * 100).toBeLessThanOrEqual(result.false_rollbacks);
    expect(result.rollback_rate.high * 100).toBeGreaterThan(result.false_rollbacks);
    // A fourth of the gates has a large enough sample: 2.5 alarms at most on average.
    expect(result.judged).toBeGreaterThan(50);
    expect(result.false_promotes).toBeLessThanOrEqual(9);
  });

  it('are found out where something was done to the very users that one of them treats', () => {
    const found = (effect: number): AaResult =>
      run(
        logOf(200, 29, 5, (userId) => (placeOf('aa-1-0', userId).u < 0.5 ? effect : 0)),
        { rollouts: 1, percent: 50 },
      );
    expect(found(-0.3)).toMatchObject({ decided: 1, false_rollbacks: 1, false_gains: 0 });
    expect(found(0.3)).toMatchObject({ decided: 1, false_rollbacks: 0, false_gains: 1 });
    expect(found(0)).toMatchObject({ decided: 1, false_rollbacks: 0, false_gains: 0 });
  });

  it('are the same for the same seed, and others for another', () => {
    const log = logOf(60, 29, 2);
    const [one, again, other] = [run(log, { rollouts: 4 }), run(log, { rollouts: 4 }), run(log, { rollouts: 4, seed: 2 })];
    expect(again).toEqual(one);
    expect(other.seed).not.toBe(one.seed);
  });

  it('treat the percentage that is asked for, of as many users as are asked for', () => {
    const log = logOf(90, 30, 4);
    const half = run(log, { rollouts: 3, percent: 50 });
    expect(half.worlds.map(({ name, rollouts, decided }) => [name, rollouts, decided])).toEqual([['50 %', 3, 3]]);
    expect(half).toMatchObject({ users: 90, users_drawn: 90 });
    // Half of 30 users are no arm.
    expect(run(log, { rollouts: 3, percent: 50, users: 30 })).toMatchObject({ users: 90, users_drawn: 30, decided: 0 });
    expect(run(log, { rollouts: 1, users: 1_000 }).users_drawn).toBe(90);
  });

  it('need four weeks of decisions', () => {
    expect(() => run(logOf(5, 27, 3))).toThrow(/span 2[67]\.\d days, and a rollout of nothing needs 28: 14 before it and 14 of its own/);
    const [decisions, odds] = [new DecisionLog(), new DecisionOdds()];
    expect(() => run({ decisions, odds })).toThrow('no decision here');
    for (const requestedAtMs of [0, 28 * DAY_MS - 1]) decisions.add({ userId: 'ana', requestedAtMs, reactions: [] });
    expect(() => run({ decisions, odds })).toThrow('span 27.9 days');
    decisions.add({ userId: 'ana', requestedAtMs: 28 * DAY_MS, reactions: [] });
    expect(run({ decisions, odds }, { rollouts: 4 })).toMatchObject({ rollouts: 4, decided: 0, false_rollbacks: 0, judged: 0 });
  });
});
