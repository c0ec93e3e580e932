import { describe, expect, it } from 'vitest';
import { drawUniform, pick } from '../../src/policies/draw.js';
import { epsilonGreedy, rankingOf } from '../../src/policies/egreedy.js';
import { oracleUniform } from '../oracle/policy.js';

describe('u', () => {
  // Computed once with another SHA-256: hashlib.
  it.each([
    ['egreedy-v1', '0', 'dec-0', 0.5061078847804534],
    ['egreedy-v2-shadow', '0', 'dec-0', 0.07455933045473706],
    ['egreedy-v1', '', 'a|b', 0.9320714772370684],
    ['egreedy-v1', 'summer', 'Entscheidung-Ä-🎲', 0.27236406323563955],
  ])('of %s, salt "%s", %s', (policy, salt, decisionId, u) => {
    expect(drawUniform(policy, salt, decisionId)).toBe(u);
  });

  it('is the top 53 bits, whatever they are', () => {
    for (let i = 0; i < 2000; i++) expect(drawUniform('egreedy-v1', '0', `d${i}`)).toBe(oracleUniform('egreedy-v1', '0', `d${i}`));
  });
});

describe('pick', () => {
  it.each([
    ['the first', [0.25, 0.5, 0.25], 0, 0],
    ['a cumulative probability equal to u does not exceed it', [0.25, 0.5, 0.25], 0.25, 1],
    ['the last', [0.25, 0.5, 0.25], 0.75, 2],
    ['never one of probability 0 at u = 0', [0, 0, 1], 0, 2],
    ['the last when rounding leaves none', [0.1, 0.2, 0.3], 0.99, 2],
    ['the only one', [1], 1 - 2 ** -53, 0],
  ])('%s', (_, propensities, u, index) => expect(pick(propensities, u)).toBe(index));
});

describe('epsilon-greedy', () => {
  const propensities = (scores: number[], epsilon: number) => [...epsilonGreedy(scores, epsilon).propensities];

  it('spreads epsilon over all and the rest over the highest', () => {
    expect(propensities([0.2, 0.7, 0.7, -1], 0.1)).toEqual([0.025, 0.025 + 0.45, 0.025 + 0.45, 0.025]);
  });

  it('one candidate has it all', () => {
    for (const epsilon of [0, 0.1, 0.5, 1]) expect(propensities([-3], epsilon)).toEqual([1]);
  });

  it('epsilon 0 never explores, epsilon 1 does not look at scores', () => {
    expect(propensities([1, 0, 1], 0)).toEqual([0.5, 0, 0.5]);
    expect(propensities([1, 0, 5, 2], 1)).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  it('counts a score within 1e-9 of the maximum as highest, and measures from the maximum only', () => {
    expect([...epsilonGreedy([0, 1e-9, 1.9e-9, -1e-9], 0.1).highest]).toEqual([0, 1, 1, 0]);
    expect([...epsilonGreedy([0, 1e-9], 0.1).highest]).toEqual([1, 1]);
    expect([...epsilonGreedy([0, 1.0001e-9], 0.1).highest]).toEqual([0, 1]);
  });

  it('no epsilon makes a probability that the event schema would refuse', () => {
    for (let i = 0; i <= 1000; i++) {
      for (const count of [1, 2, 3, 7, 200]) {
        const all = propensities(
          new Array<number>(count).fill(0).map((_, k) => (k === 0 ? 1 : 0)),
          i / 1000,
        );
        expect(Math.max(...all)).toBeLessThanOrEqual(1);
        expect(Math.min(...all)).toBeGreaterThanOrEqual(0);
      }
    }
  });

  it('ranks by score descending, equal scores in the order given', () => {
    expect(rankingOf([0.5, 1, 0.5, -1, 1])).toEqual([1, 4, 0, 2, 3]);
  });
});
