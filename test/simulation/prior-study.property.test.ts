/** The worlds of `npm run study:priors` with its seed and its number of users: about 20 seconds of CPU. */
import { describe, expect, it } from 'vitest';
import { scoring, SIZES } from '../../bench/scoring.js';
import { encodeState } from '../../src/policies/ridge-codec.js';
import { emptyState } from '../../src/policies/ridge.js';
import { policyNamed } from '../../src/policies/registry.js';
import { COST, missed, PRIOR_WORLDS, regretChange, worldOptions, type PriorWorld } from '../../src/simulation/prior-study.js';
import { simulate, type SimulationResult } from '../../src/simulation/simulate.js';
import { finished } from '../support/finished.js';

const results = new Map<string, SimulationResult>();
const resultOf = (world: PriorWorld): SimulationResult => {
  if (!results.has(world.name)) results.set(world.name, finished(simulate(worldOptions(world, 1))));
  return results.get(world.name)!;
};
const worldNamed = (name: string): PriorWorld => PRIOR_WORLDS.find((world) => world.name === name)!;
const PRIORS = ['egreedy-v3+prior', 'egreedy-v1+prior'] as const;
const shares = (name: string, part: 'first_20' | 'all') =>
  PRIORS.map((policy) => regretChange(resultOf(worldNamed(name)), policy, part)!.mean!) as [number, number];

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
    const [withProducts, without] = shares('mixture, first 20', 'first_20');
    expect(withProducts).toBeLessThan(without + 0.03);
  });

  it('would be missed where they did not', () => {
    const world = worldNamed('built-in, first 20');
    const [expectation] = world.expected;
    const stricter = [
      { ...expectation!, meanAtMost: -0.6 },
      { ...expectation!, highAtMost: -0.45 },
      { ...expectation!, policy: 'egreedy-v9' },
      { ...expectation!, part: 'after_40' as const },
    ];
    expect(missed({ ...world, expected: stricter }, resultOf(world))).toEqual(stricter);
  });

  it('cost a decision no more CPU than they may', () => {
    const ratios = (): number[] => {
      const rows = scoring({ turns: 3, turnMs: 40 });
      const us = (policy: string, size: number) => rows.find((one) => one.policy === policy && one.candidates === size)!.microseconds;
      return SIZES.map((size) => us(COST.policy, size) / us(COST.against, size));
    };
    // 1.1 to 1.4; whoever else uses the machine may disturb one try.
    const tries = [ratios(), ratios(), ratios()].map((of) => Math.max(...of));
    expect(Math.min(...tries)).toBeLessThanOrEqual(COST.cpuAtMost);
  });

  it('leave a state as small as it may be', () => {
    expect(encodeState(emptyState(policyNamed(COST.policy).dimension)).length).toBeLessThanOrEqual(COST.bytesAtMost);
  });
});
