import { describe, expect, it } from 'vitest';
import { contestantsNamed } from '../../../src/cli/evaluation/contestants.js';

const CONSTANT = { epsilon: 0.1 };
const DECAYING = { epsilon: 0.1, epsilonMin: 0.02, epsilonDecay: 5 };
const named = (list: string, configured: Parameters<typeof contestantsNamed>[1] = CONSTANT, everyPrior = false) =>
  contestantsNamed(list, configured, everyPrior).policies.map(({ name, policy, prior = false, exploration }) => [
    name,
    policy.name,
    prior,
    exploration.epsilonDecay ?? null,
  ]);

describe('the policies of a simulation', () => {
  it('are taken as they are named, each once', () => {
    expect(named('egreedy-v1, random,egreedy-v1')).toEqual([
      ['egreedy-v1', 'egreedy-v1', false, null],
      ['random', 'random', false, null],
    ]);
  });

  it('begin with a prior where they say so', () => {
    expect(named('egreedy-v1,egreedy-v3+prior', CONSTANT, true)).toEqual([
      ['egreedy-v1', 'egreedy-v1', false, null],
      ['egreedy-v3+prior', 'egreedy-v3', true, null],
    ]);
  });

  it('stand there with and without one where none says so and one is wanted, but for random', () => {
    expect(named('egreedy-v1,random,linucb', CONSTANT, true).map(([name]) => name)).toEqual([
      'egreedy-v1',
      'egreedy-v1+prior',
      'random',
      'linucb',
      'linucb+prior',
    ]);
  });

  it('all explore as configured, or only those that say so', () => {
    expect(named('egreedy-v1,egreedy-v2', DECAYING).map(([, , , decay]) => decay)).toEqual([5, 5]);
    expect(named('egreedy-v1,egreedy-v1+decay,egreedy-v3+decay+prior', DECAYING)).toEqual([
      ['egreedy-v1', 'egreedy-v1', false, null],
      ['egreedy-v1+decay', 'egreedy-v1', false, 5],
      ['egreedy-v3+prior+decay', 'egreedy-v3', true, 5],
    ]);
    expect(contestantsNamed('egreedy-v1,egreedy-v1+decay', DECAYING, false).exploration).toEqual(CONSTANT);
  });

  it.each([
    ['egreedy-v1+decay', /--epsilon-decay|how fast epsilon decays/],
    ['egreedy-v1+priors', /"egreedy-v1\+priors" is none of egreedy-v1, egreedy-v1\+prior,/],
    ['egreedy-v1+prior+prior', /is none of/],
    ['random+prior', /random chooses at random/],
    ['egreedy-v9+prior', /no policy named "egreedy-v9"/],
  ])('%s is refused', (list, message) => expect(() => named(list)).toThrow(message));

  it('that explore in their own way cannot decay', () => {
    expect(() => named('linucb+decay', DECAYING)).toThrow(/linucb explores in its own way/);
  });
});
