/** The worlds of `npm run study:priors` with its seed, cohorts and users: under a minute of CPU. */
import { describe, expect, it } from 'vitest';
import { scoring, SIZES } from '../../bench/scoring.js';
import { encodeState } from '../../src/policies/ridge-codec.js';
import { emptyState } from '../../src/policies/ridge.js';
import { policyNamed } from '../../src/policies/registry.js';
import { COST, missed, PRIOR_WORLDS, study, type PriorWorld, type StudyResult } from '../../src/simulation/prior-study.js';
import { LearnedPriors } from '../../src/simulation/prior.js';
import { finished } from '../support/finished.js';

const COHORTS = 8;
const learned = new LearnedPriors();
const results = new Map<string, StudyResult>();
const resultOf = (world: PriorWorld): StudyResult => {
  if (!results.has(world.name)) results.set(world.name, finished(study(world, { seed: 1, cohorts: COHORTS, learned })));
  return results.get(world.name)!;
};
const worldNamed = (name: string): PriorWorld => PRIOR_WORLDS.find((world) => world.name === name)!;
const PRIORS = ['egreedy-v3+prior', 'egreedy-v1+prior'] as const;
const shares = (name: string, part: 'first_20' | 'all') =>
  PRIORS.map((policy) => resultOf(worldNamed(name)).rows.find((row) => row.policy === policy && row.part === part)!.change.mean!) as [
    number,
    number,
  ];

describe('priors in simulated worlds', () => {
  it.each(PRIOR_WORLDS)('do what is expected of them: $name', (world) => {
    expect(missed(world, resultOf(world))).toEqual([]);
    expect(world.expected.length).toBeGreaterThan(0);
  });

  it("have names of their own, and egreedy-v1 with a prior in each table of egreedy-v3's", () => {
    expect(new Set(PRIOR_WORLDS.map(({ name }) => name)).size).toBe(PRIOR_WORLDS.length);
    for (const { name, policies, taste } of PRIOR_WORLDS)
      if (taste === undefined)
        expect(
          policies.map((one) => one.name),
          name,
        ).toEqual(expect.arrayContaining([...PRIORS]));
  });

  it('are worth more with products than without on built-in personas, and about as much in the mixture', () => {
    for (const [name, part] of [
      ['built-in, first 20', 'first_20'],
      ['built-in, 60 days', 'all'],
    ] as const) {
      const [withProducts, without] = shares(name, part);
      expect(withProducts, name).toBeLessThan(without - 0.1);
    }
    for (const [name, part] of [
      ['mixture, first 20', 'first_20'],
      ['mixture, 60 days', 'all'],
    ] as const) {
      const [withProducts, without] = shares(name, part);
      expect(withProducts, name).toBeLessThan(without + 0.03);
    }
  });

  it('would be missed where they did not', () => {
    const world = worldNamed('built-in, first 20');
    const [expectation] = world.expected;
    const stricter = [
      { ...expectation!, meanAtMost: -0.6 },
      { ...expectation!, highAtMost: -0.48 },
      { ...expectation!, policy: 'egreedy-v9' },
      { ...expectation!, part: 'after_40' as const },
    ];
    expect(missed({ ...world, expected: stricter }, resultOf(world))).toEqual(stricter);
  });

  it('are fitted and tried on other users in each cohort', () => {
    const world = { ...worldNamed('contrarians, first 20'), users: 10, policies: worldNamed('contrarians, first 20').policies.slice(0, 2) };
    const of = (seed: number, cohorts: number) => finished(study(world, { seed, cohorts }));
    const [two, one, other] = [of(1, 2), of(2, 1), of(3, 1)];
    expect([two.users, two.decisions]).toEqual([20, one.decisions + other.decisions]);
    // Cohorts 2 and 3 of seeds that have one each are both cohorts of seed 1 with two.
    const regret = ({ rows }: StudyResult) => rows.find(({ part, policy }) => part === 'all' && policy === 'egreedy-v3')!.regret;
    expect(regret(two)).toBeCloseTo((regret(one) * one.decisions + regret(other) * other.decisions) / two.decisions, 12);
    expect(one.rows.map(({ change }) => [change.low, change.high])).toEqual(one.rows.map(() => [null, null]));
  });

  it('cost a decision no more CPU than they may', () => {
    const ratios = (): number[] => {
      const rows = scoring({ turns: 3, turnMs: 40 });
      const us = (policy: string, size: number) => rows.find((one) => one.policy === policy && one.candidates === size)!.microseconds;
      return SIZES.map((size) => us(COST.policy, size) / us(COST.against, size));
    };
    // 1.0 to 1.5 here. Whoever else uses the machine may disturb a try.
    let least = Infinity;
    for (let tries = 0; tries < 3 && least > COST.cpuAtMost; tries++) least = Math.min(least, Math.max(...ratios()));
    expect(least).toBeLessThanOrEqual(COST.cpuAtMost);
  });

  it('leave a state as small as it may be', () => {
    expect(encodeState(emptyState(policyNamed(COST.policy).dimension)).length).toBeLessThanOrEqual(COST.bytesAtMost);
  });
});
