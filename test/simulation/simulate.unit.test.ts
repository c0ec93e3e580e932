import { describe, expect, it } from 'vitest';
import type { PolicyDefinition } from '../../src/policies/policy.js';
import { policyNamed } from '../../src/policies/registry.js';
import type { Contestant } from '../../src/simulation/contestant.js';
import { parsePersonas, PERSONAS, personaSchema, type Persona } from '../../src/simulation/persona.js';
import { BUILTIN, populationOf, type Population } from '../../src/simulation/population.js';
import { simulate, type SimulationOptions, type SimulationResult } from '../../src/simulation/simulate.js';
import { finished } from '../support/finished.js';

const exploration = { epsilon: 0.1 };
const contestant = (policy: PolicyDefinition): Contestant => ({ name: policy.name, policy, exploration });
const contestants = (...names: string[]): Contestant[] => names.map(policyNamed).map(contestant);
const users = (...personas: Persona[]): Population => populationOf('file', personas);

function run(more: Partial<SimulationOptions> = {}): SimulationResult {
  return finished(
    simulate({
      policies: contestants('egreedy-v1', 'random'),
      population: BUILTIN,
      users: 18,
      days: 20,
      candidates: 5,
      exploration,
      seed: 7,
      ...more,
    }),
  );
}
const of = (result: SimulationResult, policy: string) => result.policies.find((one) => one.policy === policy)!;

describe('the simulation', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(JSON.stringify(run())).toBe(JSON.stringify(run()));
    expect(JSON.stringify(run({ seed: 8 }))).not.toBe(JSON.stringify(run()));
  });

  it('gives every policy the same world: the same policy twice earns the same, whoever else is there', () => {
    const alone = run({ policies: contestants('egreedy-v1') });
    const among = run({ policies: contestants('random', 'linucb', 'egreedy-v1') });
    expect(of(alone, 'egreedy-v1')).toEqual(of(among, 'egreedy-v1'));
    expect(of(alone, 'oracle')).toEqual(of(among, 'oracle'));
  });

  it('knows the best: the oracle has no regret, and nobody has less', () => {
    const result = run();
    expect(of(result, 'oracle').regret).toMatchObject({ mean: 0, low: 0, high: 0 });
    for (const { policy, regret } of result.policies) if (policy !== 'oracle') expect(regret.mean, policy).toBeGreaterThan(0);
    expect(of(result, 'egreedy-v1').regret.mean).toBeLessThan(of(result, 'random').regret.mean);
  });

  it('shows a difference that is there, and none between equals', () => {
    const result = run({ users: 90, policies: contestants('egreedy-v1', 'random') });
    const random = result.comparisons.find(({ policy, persona }) => policy === 'random' && persona === 'all')!;
    expect(random.high).toBeLessThan(0);
    expect(result.comparisons.filter(({ persona }) => persona === 'all').map(({ policy, against }) => [policy, against])).toEqual([
      ['random', 'egreedy-v1'],
      ['oracle', 'egreedy-v1'],
    ]);
  });

  it('has all personas in it, in proportion to their shares', () => {
    const result = run({ users: 27 });
    expect(result.personas.map(({ persona, users }) => [persona, users])).toEqual(PERSONAS.map(({ name }) => [name, 3]));
    expect(result.personas.reduce((sum, { decisions }) => sum + decisions, 0)).toBe(result.decisions);
    expect(PERSONAS.length).toBeGreaterThanOrEqual(8);
  });

  it('is sure of nothing where one user shows it', () => {
    const { comparisons, policies } = run({ users: 1, days: 1 });
    for (const one of comparisons) expect(one).toMatchObject({ low: -1, high: 1 });
    for (const { reward } of policies) expect(reward).toMatchObject({ low: 0, high: 1 });
  });

  it('says so when nobody decided anything', () => {
    expect(() => run({ population: users({ ...PERSONAS[0]!, decisions_per_day: 1e-9 }) })).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }) as Error,
    );
  });

  it('has no point on a curve where nobody decided anything', () => {
    const { curves } = run({ population: users({ ...PERSONAS[0]!, active_sharpness: 20 }), users: 3, days: 1 });
    for (const { points } of curves) {
      expect(points[0]).toBeNull();
      expect(points.some((point) => point !== null && point > 0)).toBe(true);
    }
  });

  it('draws with the same numbers for all: policies that score alike choose alike', () => {
    const twin = { ...policyNamed('egreedy-v1'), name: 'egreedy-v1-twin' };
    const { comparisons } = run({ policies: [...contestants('egreedy-v1'), contestant(twin)] });
    for (const one of comparisons.filter(({ policy }) => policy === twin.name)) expect(one).toMatchObject({ mean: 0, low: 0, high: 0 });
  });

  it('is asked for a break within a user who decides much', () => {
    const steps = simulate({
      policies: contestants('random'),
      population: users({ ...PERSONAS[0]!, decisions_per_day: 200 }),
      users: 1,
      days: 60,
      candidates: 2,
      exploration,
      seed: 1,
    });
    expect(steps.next()).toEqual({ done: false, value: { done: 0, of: 1, users: 'users' } });
  });

  it('lets users drift: what was learned before is wrong afterwards', () => {
    const drifter = PERSONAS.find(({ name }) => name === 'drifter')!;
    const { curves } = run({ population: users(drifter), users: 40, days: 60 });
    const points = curves.find(({ policy }) => policy === 'egreedy-v1')!.points;
    const best = curves.find(({ policy }) => policy === 'oracle')!.points;
    const regret = (from: number, to: number) =>
      points.slice(from, to).reduce<number>((sum, point, i) => sum + best[from + i]! - point!, 0) / (to - from);
    expect(regret(26, 32)).toBeGreaterThan(2 * regret(18, 24));
  });
});

describe('the first 20 decisions', () => {
  const { first_20, after_40, stages, decisions, regret_changes, policies } = run({ users: 27 });

  it('are what a simulation finds that ends after them', () => {
    const short = run({ users: 27, decisionsEach: 20 });
    expect(short.decisions).toBeLessThanOrEqual(27 * 20);
    expect(short.decisions).toBeLessThan(decisions);
    const { policies: of, comparisons, regret_changes: changes } = short;
    expect(first_20).toEqual({ decisions: short.decisions, policies: of, comparisons, regret_changes: changes });
    expect(short.first_20).toEqual(first_20);
    expect(short.after_40).toBeNull();
  });

  it('are the first three of the stages, which hold every decision once', () => {
    expect(stages.map(({ from_decision, to_decision }) => [from_decision, to_decision])).toEqual(
      [1, 6, 11, 21, 41, 81, 161, 321].map((from, i, all) => [from, i + 1 < all.length ? all[i + 1]! - 1 : null]).slice(0, stages.length),
    );
    const total = (of: typeof stages) => of.reduce((sum, stage) => sum + stage.decisions, 0);
    expect(total(stages)).toBe(decisions);
    expect(total(stages.slice(0, 3))).toBe(first_20.decisions);
    expect(stages[0]).toMatchObject({ users: 27, decisions: 27 * 5 });
    expect(after_40!.decisions).toBe(total(stages.slice(4)));
    expect(after_40!.policies.find(({ policy }) => policy === 'random')!.regret.mean).toBeCloseTo(
      stages
        .slice(4)
        .reduce((sum, stage) => sum + stage.decisions * stage.policies.find(({ policy }) => policy === 'random')!.regret.mean, 0) /
        after_40!.decisions,
      12,
    );
  });

  it('and all of them: the change of regret is that of the means, as they are over the same decisions', () => {
    const regret = (name: string) => policies.find(({ policy }) => policy === name)!.regret.mean;
    const change = regret_changes.find(({ policy, persona }) => policy === 'random' && persona === 'all')!;
    expect(change.against).toBe('egreedy-v1');
    expect(change.mean).toBeCloseTo(regret('random') / regret('egreedy-v1') - 1, 12);
    expect(change.low!).toBeGreaterThan(0);
    expect(change.high!).toBeGreaterThan(change.mean!);
  });
});

describe('newcomers', () => {
  it('are users without the history that they would have', () => {
    const named = (history: boolean) => users({ ...PERSONAS[5]!, history });
    const policies = contestants('egreedy-v2', 'random');
    const newcomers = run({ policies, population: named(true), history: false, users: 3 });
    expect(newcomers).toEqual({ ...run({ policies, population: named(false), users: 3 }), history: false });
    expect(newcomers.policies).not.toEqual(run({ policies, population: named(true), users: 3 }).policies);
  });
});

describe('a taste for one of the categories', () => {
  const policies = contestants('egreedy-v3', 'egreedy-v4');
  const changeOf = (result: SimulationResult) =>
    result.regret_changes.find(({ persona, policy }) => persona === 'all' && policy !== 'oracle')!;

  it('is what the category match of egreedy-v4 finds', () => {
    const { mean, high } = changeOf(run({ policies, taste: 1, users: 27, days: 30 }));
    expect(mean!).toBeLessThan(-0.1);
    expect(high!).toBeLessThan(0);
  });

  it('is nothing to find where nobody has one', () => {
    expect(changeOf(run({ policies, users: 27, days: 30 })).high!).toBeGreaterThan(0);
  });
});

describe('curves of regret', () => {
  it('have the regret of all, within a band at each point', () => {
    const { regret_curves, curves, policies } = run();
    for (const { policy, points, low, high } of [...regret_curves, ...curves]) {
      expect([points.length, low.length, high.length], policy).toEqual([50, 50, 50]);
      for (const [i, point] of points.entries()) {
        if (point === null) expect([low[i], high[i]]).toEqual([null, null]);
        else expect(low[i]! <= point && point <= high[i]!).toBe(true);
      }
    }
    const best = curves.find(({ policy }) => policy === 'oracle')!.points;
    for (const { policy, points } of regret_curves) {
      const own = curves.find((curve) => curve.policy === policy)!.points;
      for (const [i, point] of points.entries()) if (point !== null) expect(point).toBeCloseTo(best[i]! - own[i]!, 12);
    }
    expect(regret_curves.map(({ policy }) => policy)).toEqual(policies.map(({ policy }) => policy));
  });
});

describe('personas of a file', () => {
  it('are read, completed and checked', () => {
    const [one] = parsePersonas('[{"name":"x","decisions_per_day":3,"base":-1,"active_hour":9}]', 'p.json');
    expect(one).toMatchObject({ share: 1, history: true, weights: { is_overdue: 0 } });
    expect(parsePersonas(JSON.stringify(PERSONAS), 'p.json')).toEqual(PERSONAS);
    const good = { name: 'x', decisions_per_day: 3, base: -1, active_hour: 9 };
    for (const [text, what] of [
      ['{', /p\.json: not JSON/],
      ['[]', /p\.json/],
      [JSON.stringify([good, good]), /two personas are named "x"/],
      [JSON.stringify([{ ...good, active_hour: 25 }]), /0\.active_hour/],
      [JSON.stringify([{ ...good, wieghts: {} }]), /wieghts/],
      [JSON.stringify([{ ...good, weights: { overdue: 1 } }]), /overdue/],
    ] as const)
      expect(() => parsePersonas(text, 'p.json')).toThrow(what);
    expect(personaSchema.safeParse(good).success).toBe(true);
  });
});
