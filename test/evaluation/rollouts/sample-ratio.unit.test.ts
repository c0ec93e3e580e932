import { describe, expect, it } from 'vitest';
import { judgeLook, type LookState } from '../../../src/evaluation/rollouts/judge-look.js';
import { countsDiffer } from '../../../src/evaluation/rollouts/sample-ratio.js';
import { finished } from '../../support/finished.js';
import { seededRandom } from '../../support/seeded-random.js';
import { isTreated, lastLook, onlyEpoch, usersOf, type TestUser } from './users-of.js';

const ROLLOUT = 'sample';

/** `lost`: share of the treated who do not come back beyond the tenth of everybody. `often`: how much more often the treated come. */
function people(lost: number, often: number, seed: number): TestUser[] {
  const random = seededRandom(seed);
  return Array.from({ length: 2_000 }, (_, user) => {
    const treated = isTreated(ROLLOUT, user, 50);
    const gone = random() < 0.1 || (treated && random() < lost);
    const n = gone ? 0 : 1 + Math.floor(20 * random() * (treated ? 1 + often : 1));
    return { m: 10, x: 5, n, y: Math.floor(n / 2) };
  });
}

const sample = (users: readonly TestUser[], state: LookState | null = null) => {
  const look = { ...lastLook(), index: state === null ? 0 : state.look + 1 };
  return finished(judgeLook({ epoch: onlyEpoch(ROLLOUT, 50), look, users: usersOf(ROLLOUT, users), state }));
};

describe('the arms of a rollout', () => {
  it('raise no alarm where chance alone made them', () => {
    const { sample: checks } = sample(people(0, 0, 1));
    expect(checks).toMatchObject({
      misplaced: 0,
      returned: { differ: false },
      arrived: { differ: false, expectedShare: 0.5 },
      decisionsPerUser: { differ: false },
    });
    expect(checks.returned.treated.of + checks.returned.control.of).toBe(2_000);
  });

  it('raise one when the treated come back less, which nothing else would tell, and keep it', () => {
    const verdict = sample(people(0.1, 0, 2));
    expect(verdict.sample.returned.differ).toBe(true);
    expect(verdict.sample.returned.treated.users / verdict.sample.returned.treated.of).toBeLessThan(0.85);
    expect(verdict.sample.arrived.differ).toBe(false);
    expect(sample(people(0, 0, 3), verdict.state).sample.returned.differ).toBe(true);
  });

  it('raise one when the treated come more often', () => {
    const { sample: checks } = sample(people(0, 0.25, 4));
    expect(checks.decisionsPerUser.differ).toBe(true);
    expect(checks.decisionsPerUser.treated).toBeGreaterThan(checks.decisionsPerUser.control);
    expect(checks.returned.differ).toBe(false);
  });

  it('raise one when an arm has more users than chance gives it', () => {
    const { sample: checks } = sample(people(0, 0, 5).filter((_, user) => user % 5 > 0 || !isTreated(ROLLOUT, user, 50)));
    expect(checks.arrived.differ).toBe(false);
    const without = people(0, 0, 5).map((user, i) => (i % 2 === 0 && isTreated(ROLLOUT, i, 50) ? { m: 0, x: 0, n: 0, y: 0 } : user));
    expect(sample(without).sample.arrived.differ).toBe(true);
  });
});

describe('the check of counts', () => {
  const logOf = (n: number): number => Array.from({ length: n }, (_, i) => Math.log(i + 1)).reduce((sum, each) => sum + each, 0);
  /** ln B(a, b) of whole numbers. */
  const logBeta = (a: number, b: number): number => logOf(a - 1) + logOf(b - 1) - logOf(a + b - 1);

  it('weighs the counts against a mixture of shares', () => {
    for (const [treated, control] of [
      [10, 90],
      [30, 90],
      [40, 90],
      [150, 1_000],
      [160, 1_000],
      [60, 1_000],
    ] as const) {
      const evidence = logBeta(10 + treated, 90 + control) - logBeta(10, 90) - treated * Math.log(0.1) - control * Math.log(0.9);
      expect(countsDiffer({ treated, control }, 0.1), `${treated} and ${control}`).toBe(evidence > Math.log(100));
    }
    expect(countsDiffer({ treated: 160, control: 1_000 }, 0.1)).toBe(true);
  });

  it('is seldom wrong although it looks after every user', () => {
    const random = seededRandom(7);
    let wrong = 0;
    for (let run = 0; run < 300; run++) {
      const counts = { treated: 0, control: 0 };
      for (let user = 0; user < 1_000; user++) {
        counts[random() < 0.1 ? 'treated' : 'control']++;
        if (user % 5 > 0 || !countsDiffer(counts, 0.1)) continue;
        wrong++;
        break;
      }
    }
    // 3 of 300 at most on average; 9 or more would happen once in 250.
    expect(wrong).toBeLessThan(9);
  });

  it('says nothing where one arm is empty by design', () => {
    expect(countsDiffer({ treated: 50, control: 0 }, 1)).toBe(false);
  });
});
