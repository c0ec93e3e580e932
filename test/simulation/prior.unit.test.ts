import { describe, expect, it } from 'vitest';
import { policyNamed } from '../../src/policies/registry.js';
import type { Contestant } from '../../src/simulation/contestant.js';
import { BUILTIN, MIXTURE, opposite } from '../../src/simulation/population.js';
import { LearnedPriors } from '../../src/simulation/prior.js';
import { simulate, type SimulationOptions, type SimulationResult } from '../../src/simulation/simulate.js';
import { finished } from '../support/finished.js';

const exploration = { epsilon: 0.1 };
const plain = (name: string): Contestant => ({ name, policy: policyNamed(name), exploration });
const withPrior = (name: string): Contestant => ({ ...plain(name), name: `${name}+prior`, prior: true });
const run = (more: Partial<SimulationOptions> = {}): SimulationResult =>
  finished(
    simulate({
      policies: [plain('egreedy-v1'), withPrior('egreedy-v1'), withPrior('egreedy-v3')],
      population: BUILTIN,
      users: 18,
      days: 20,
      decisionsEach: 20,
      history: false,
      candidates: 8,
      exploration,
      prior: { users: 110, lambda: 10 },
      seed: 3,
      ...more,
    }),
  );
const regretOf = ({ policies }: SimulationResult, name: string) => policies.find(({ policy }) => policy === name)!.regret.mean;

describe('a prior in a simulation', () => {
  const result = run();

  it('is fitted for each policy on the same decisions, whoever made them', () => {
    const { prior, contestants } = result;
    expect(prior).toMatchObject({ users: 110, lambda: 10, population: 'builtin', decided_by: 'egreedy-v1', decisions_each: 100 });
    expect(prior!.fits.map(({ policy, theta }) => [policy, theta.length])).toEqual([
      ['egreedy-v1', 7],
      ['egreedy-v3', 18],
    ]);
    const [one, three] = prior!.fits;
    expect([three!.users, three!.rewards]).toEqual([one!.users, one!.rewards]);
    expect(one!.users).toBeGreaterThan(100);
    expect(one!.rewards).toBeGreaterThan(5_000);
    expect(one!.rewards).toBeLessThanOrEqual(110 * 100);
    // Eight of nine personas want what is urgent: the prior has seen it.
    expect(one!.theta[3]!).toBeGreaterThan(3 * one!.standard_errors[3]!);
    expect(contestants).toEqual([
      { name: 'egreedy-v1', policy: 'egreedy-v1', prior: false, lambda: 1, epsilon: 0.1, epsilon_min: null, epsilon_decay: null },
      { name: 'egreedy-v1+prior', policy: 'egreedy-v1', prior: true, lambda: 10, epsilon: 0.1, epsilon_min: null, epsilon_decay: null },
      { name: 'egreedy-v3+prior', policy: 'egreedy-v3', prior: true, lambda: 10, epsilon: 0.1, epsilon_min: null, epsilon_decay: null },
    ]);
  });

  it('comes from users who are not tested: how many of those there are, and what they do, does not change it', () => {
    expect(run({ users: 3, days: 3, decisionsEach: 2 }).prior).toEqual(result.prior);
    expect(run({ seed: 4 }).prior!.fits[0]!.theta).not.toEqual(result.prior!.fits[0]!.theta);
  });

  it('changes nothing for a policy that begins without one', () => {
    const alone = run({ policies: [plain('egreedy-v1')], prior: undefined });
    expect(alone.prior).toBeNull();
    expect(alone.policies[0]).toEqual(result.policies[0]);
  });

  it('may come from another population than the tested users', () => {
    const mixed = run({ users: 2, prior: { users: 110, lambda: 10, population: MIXTURE } });
    expect([mixed.population, mixed.prior!.population]).toEqual(['builtin', 'mixture']);
    expect(mixed.prior!.fits[0]!.theta).not.toEqual(result.prior!.fits[0]!.theta);
  });

  it('that is wrong is the same prior for users who want the opposite, and does harm at first', () => {
    const wrong = run({ population: opposite(BUILTIN), prior: { users: 110, lambda: 10, population: BUILTIN } });
    expect(wrong.prior).toEqual(result.prior);
    expect(regretOf(result, 'egreedy-v1+prior')).toBeLessThan(regretOf(result, 'egreedy-v1'));
    expect(regretOf(wrong, 'egreedy-v1+prior')).toBeGreaterThan(regretOf(wrong, 'egreedy-v1'));
  });

  it('is the more stubborn, the larger lambda is', () => {
    const users = { population: opposite(BUILTIN), policies: [withPrior('egreedy-v1')], decisionsEach: 60 };
    const regretWith = (lambda: number) =>
      regretOf(run({ ...users, prior: { users: 110, lambda, population: BUILTIN } }), 'egreedy-v1+prior');
    expect(regretWith(100)).toBeGreaterThan(1.3 * regretWith(3));
  });

  it('is learned once where several worlds have the same users for it, and anew where anything differs that it comes from', () => {
    const learned = new LearnedPriors();
    const policies = [policyNamed('egreedy-v1')];
    const users = { users: 110, lambda: 10, population: BUILTIN };
    const life = { seed: 3, days: 20, candidates: 2, history: false, exploration };
    const learn = (more: Partial<typeof users>, other: object = {}, of = policies) =>
      learned.learn(of, { ...users, ...more }, { ...life, ...other });
    const first = finished(learn({}));
    expect(learn({}, { days: 3, decisionsEach: 2 }).next()).toEqual({ done: true, value: first });
    const others = [
      learn({ users: 111 }),
      learn({ lambda: 5 }),
      learn({ population: MIXTURE }),
      learn({}, {}, [policyNamed('egreedy-v3')]),
      learn({}, { seed: 4 }),
      learn({}, { candidates: 3 }),
      learn({}, { history: true }),
      learn({}, { taste: 1 }),
      learn({}, { exploration: { epsilon: 0.2 } }),
    ];
    for (const [i, steps] of others.entries()) expect(steps.next(), `other ${i}`).toEqual({ done: false, value: 1 });
    expect(run({ users: 2, learned }).prior).toEqual(result.prior);
  });

  it('cannot be fitted on too few users', () => {
    expect(() => run({ prior: { users: 20, lambda: 10 } })).toThrow(expect.objectContaining({ code: 'not_enough_data' }) as Error);
  });

  it('is said to be learned before anybody is tested', () => {
    const steps = simulate({
      policies: [withPrior('egreedy-v1')],
      population: BUILTIN,
      users: 1,
      days: 1,
      candidates: 2,
      exploration,
      prior: { users: 120, lambda: 10 },
      seed: 1,
    });
    expect(steps.next()).toEqual({ done: false, value: { done: 1, of: 120, users: 'users for the prior' } });
    steps.return(undefined as never);
  });
});
