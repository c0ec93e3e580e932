import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecisionOdds } from '../../../src/evaluation/aa-test/decision-odds.js';
import { gateOfNothing, weightOfNothing, type GateFound } from '../../../src/evaluation/aa-test/gate-of-nothing.js';
import { randomStream } from '../../../src/random.js';
import { finished } from '../../support/finished.js';

const RANGE = { low: 0, high: 1 };
const ALL = { fromMs: 0, toMs: Infinity };

/** As epsilon-greedy makes them, of users whose rewards differ by the hour; in a share of them no reward comes. */
function oddsOf(decisions: number, { candidates = 5, missing = 0 } = {}): DecisionOdds {
  const random = randomStream(7, 'odds');
  const floor = 0.1 / candidates;
  const odds = new DecisionOdds();
  for (let i = 0; i < decisions; i++) {
    const done = random.chance(0.4 + 0.2 * Math.sin(i / 500));
    const propensities = Array.from({ length: candidates }, (_, at) => (at === i % candidates ? 0.9 + floor : floor));
    odds.add({ requestedAtMs: i, propensities, reward: random.chance(missing) ? null : done ? 1 : 0 });
  }
  return odds;
}

const tried = (odds: DecisionOdds, runs: number, range = RANGE): GateFound[] => {
  const inOrder = odds.inOrder();
  return Array.from({ length: runs }, (_, run) => finished(gateOfNothing(inOrder, ALL, range, randomStream(run, 'gate'))));
};

describe('the gate on a policy that makes no difference', () => {
  it('promotes it seldom, however often it looks', () => {
    for (const missing of [0, 0.4]) {
      const judged = tried(oddsOf(10_000, { missing }), 300).filter((one) => one.judged);
      expect(judged.length).toBeGreaterThan(200);
      // 15 on average at most; more than 27 would happen once in a thousand.
      expect(judged.filter(({ promoted }) => promoted).length).toBeLessThanOrEqual(27);
    }
  });

  it('promotes nothing where no policy explores, or where the sample is too small to say anything', () => {
    const certain = new DecisionOdds();
    for (let i = 0; i < 1_000; i++) certain.add({ requestedAtMs: i, propensities: [1], reward: 1 });
    expect(tried(certain, 1)).toEqual([{ judged: true, promoted: false }]);
    expect(tried(oddsOf(150), 1)).toEqual([{ judged: false, promoted: false }]);
    expect(tried(new DecisionOdds(), 1)).toEqual([{ judged: false, promoted: false }]);
  });

  it('goes by rewards as shares of what they lie within', () => {
    const wide = new DecisionOdds();
    const random = randomStream(3, 'wide');
    for (let i = 0; i < 2_000; i++) wide.add({ requestedAtMs: i, propensities: [0.9, 0.1], reward: random.chance(0.5) ? 1 : -1 });
    expect(tried(wide, 100, { low: -1, high: 1 }).filter(({ promoted }) => promoted).length).toBeLessThanOrEqual(13);
  });
});

describe('the weights of a policy that makes no difference', () => {
  it.each([[[0.7, 0.3]], [[0.9, 0.05, 0.05]], [[0.4, 0.3, 0.2, 0.1]]])('of %j are 1 on average, and not 1 each time', (propensities) => {
    const random = randomStream(1, 'weights');
    const weights = Array.from({ length: 200_000 }, () => weightOfNothing(propensities, random));
    const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
    const variance = weights.reduce((sum, weight) => sum + (weight - mean) ** 2, 0) / weights.length;
    expect(Math.abs(mean - 1)).toBeLessThan(4 * Math.sqrt(variance / weights.length));
    // Two candidates change places in three of ten decisions.
    const possible = propensities.slice(1).flatMap((other) => [other / propensities[0]!, propensities[0]! / other]);
    expect(weights.every((weight) => weight === 1 || possible.includes(weight))).toBe(true);
    const touched = propensities.slice(1).reduce((sum, other) => sum + (propensities[0]! + other) / (propensities.length - 1), 0);
    expect(Math.abs(weights.filter((weight) => weight !== 1).length / weights.length - 0.3 * touched)).toBeLessThan(0.01);
  });
});

describe('the odds of logged decisions', () => {
  it('come in the order of requests, without what is never chosen, and those that add up to nothing are left out', () => {
    const decision = fc.record({
      requestedAtMs: fc.integer({ min: 0, max: 30 }),
      propensities: fc.constantFrom<number[]>([1], [0.5, 0.5], [0.1, 0.9], [0.9, 0.1, 0], [0.5], [], [0.5, 0.6]),
      reward: fc.constantFrom(0, 1, null),
    });
    const window = fc.tuple(fc.integer({ min: -1, max: 32 }), fc.integer({ min: 0, max: 10 }));
    fc.assert(
      fc.property(fc.array(decision, { maxLength: 30 }), window, (all, [fromMs, lengthMs]) => {
        const odds = new DecisionOdds();
        for (const one of all) odds.add(one);
        const usable = all.filter(({ propensities }) => Math.abs(propensities.reduce((sum, p) => sum + p, 0) - 1) < 1e-9);
        expect(odds.unusable).toBe(all.length - usable.length);
        const inOrder = odds.inOrder();
        const { from, to } = inOrder.within({ fromMs, toMs: fromMs + lengthMs });
        const got = Array.from({ length: to - from }, (_, i) => inOrder.at(from + i));
        const expected = usable
          .filter(({ requestedAtMs: atMs }) => atMs >= fromMs && atMs < fromMs + lengthMs)
          .sort((a, b) => a.requestedAtMs - b.requestedAtMs)
          .map(({ propensities, reward }) => ({ propensities: propensities.filter((p) => p > 0).sort((a, b) => b - a), reward }));
        expect(got).toEqual(expected);
      }),
    );
  });
});
