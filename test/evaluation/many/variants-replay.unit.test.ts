import { describe, expect, it } from 'vitest';
import { VariantsReplay } from '../../../src/evaluation/many/variants-replay.js';
import { variantsOf } from '../../../src/evaluation/many/variants.js';
import { PolicyReplay } from '../../../src/evaluation/policy-replay.js';
import type { PolicyDefinition } from '../../../src/policies/policy.js';
import { POLICIES, policyNamed } from '../../../src/policies/registry.js';
import { loggedContexts } from '../../support/logged-contexts.js';

describe('which policies and settings are compared', () => {
  const named = (...names: string[]) => names.map(policyNamed);
  it('are all of them with each other, each once', () => {
    const grid = variantsOf({ policies: named('egreedy-v2', 'egreedy-v3'), epsilons: [0.05, 0.1], lambdas: [0.5, 1, 2] });
    expect(grid).toHaveLength(12);
    expect(new Set(grid.map(({ policy, epsilon, lambda }) => `${policy.name} ${epsilon} ${lambda}`)).size).toBe(12);
  });
  it('are a policy as it is where nothing else is said', () => {
    expect(variantsOf({ policies: named('egreedy-v3'), epsilons: undefined, lambdas: undefined })).toEqual([
      { policy: policyNamed('egreedy-v3'), epsilon: null, lambda: 10 },
    ]);
  });
  it('leave out what a policy does not have: linucb its epsilon, random also its lambda', () => {
    const grid = variantsOf({ policies: named('linucb', 'random'), epsilons: [0.05, 0.1], lambdas: [0.5, 2] });
    expect(grid.map(({ policy, epsilon, lambda }) => [policy.name, epsilon, lambda])).toEqual([
      ['linucb', null, 0.5],
      ['linucb', null, 2],
      ['random', null, policyNamed('random').hyperparameters.lambda],
    ]);
  });
});

describe('many policies in one pass', () => {
  it('would have done what each by itself would have done', () => {
    const decisions = loggedContexts({ decisions: 150 });
    const variants = variantsOf({ policies: POLICIES, epsilons: [0.05, 0.3], lambdas: [0.5, 2] });
    const together = new VariantsReplay({ variants, epsilon: 0.1, withSegments: true });
    const alone = variants.map(({ policy, epsilon, lambda }) => {
      const one: PolicyDefinition = epsilon === null ? policy : { ...policy, fixedEpsilon: epsilon };
      return new PolicyReplay({ policy: one, epsilon: 0.1, lambda });
    });
    for (const decision of decisions) {
      const rows = together.next(decision, true);
      expect(rows).toHaveLength(variants.length);
      for (const [i, row] of rows.entries()) {
        const expected = alone[i]!.next(decision);
        if (typeof expected === 'string') expect(row).toBe(expected);
        else expect(row).toEqual({ ...expected, decisionId: decision.decisionId, expected: null });
      }
    }
  });

  it('learn from decisions that are not judged', () => {
    const decisions = loggedContexts({ decisions: 120 });
    const variants = variantsOf({ policies: [policyNamed('egreedy-v2')], epsilons: [0.1], lambdas: [1] });
    const [all, late] = [0, 1].map(() => new VariantsReplay({ variants, epsilon: 0.1, withSegments: false }));
    for (const [i, decision] of decisions.entries()) {
      const rows = late!.next(decision, i >= 60);
      expect(rows).toEqual(i >= 60 ? all!.next(decision, true) : []);
      if (i < 60) all!.next(decision, true);
    }
  });
});
