import { describe, expect, it } from 'vitest';
import { checkEvidence, documentHash, parseEvidence, type Evidence, type Expected } from '../../src/evaluation/evidence.js';
import type { PromotionTerms } from '../../src/policies/controls/promotion-terms.js';
import { GATE_THRESHOLDS } from '../../src/evaluation/thresholds.js';

const NOW_MS = 1_795_219_200_000;
const REWARDS = { done: 1, dismiss: 0, snooze: 0, window_ms: 604_800_000 };
const terms: PromotionTerms = {
  baseline: 'egreedy-v1',
  trained: true,
  sums: ['egreedy-v1>egreedy-v2', 'egreedy-v2'],
  exploration: { epsilon: 0.1, epsilon_min: null, epsilon_decay: null },
  salt: '0',
  rewards: REWARDS,
  lambda: 1,
  prior: null,
  changedAtMs: NOW_MS - 9_000_000,
};
const exploring = (epsilon: number, decay: number | null = null) => ({
  exploration: { epsilon, epsilon_min: decay === null ? null : 0.02, epsilon_decay: decay },
});
const expected: Expected = {
  policy: 'egreedy-v2',
  policyHash: 'aa',
  vectors: 'vv',
  featureSet: 'bb',
  terms,
  usedBy: undefined,
  acceptedRisks: [],
  nowMs: NOW_MS,
  otherLog: undefined,
};
function evidence(over: Partial<Evidence> = {}): string {
  const document = {
    policy: 'egreedy-v2',
    policy_hash: 'aa',
    vectors: 'vv',
    feature_set: 'bb',
    baseline: 'egreedy-v1',
    trained: true,
    sums: ['egreedy-v1>egreedy-v2', 'egreedy-v2'],
    epsilon: 0.1,
    epsilon_min: null,
    epsilon_decay: null,
    salt: '0',
    rewards: REWARDS,
    lambda: 1,
    since_ms: NOW_MS - 9_000_000,
    until_ms: NOW_MS - 3_600_000,
    simulation: { against: 'egreedy-v1', epsilon: 0.1, epsilon_min: null, epsilon_decay: null },
    positions: { 'tip.scored': { 0: 9 } },
    records: { 'tip.scored': { 0: { offset: 8, hash: 'cc' } } },
    evaluated_at_ms: NOW_MS - 3_600_000,
    verdict: 'PROMOTE' as const,
    simulated: true,
    reasons: ['r'],
    risks: [],
    verdict_with_risks: 'PROMOTE' as const,
    thresholds: { ...GATE_THRESHOLDS },
    n: 1000,
    ...over,
  };
  return JSON.stringify({ ...document, hash: documentHash(document) });
}
const check =
  (text: string, over: Partial<Expected> = {}) =>
  () =>
    checkEvidence(parseEvidence(text, 'v.json'), 'v.json', { ...expected, ...over }, GATE_THRESHOLDS);

describe('evidence', () => {
  it('of this policy, these features and this log, fresh and with a simulation, is taken', () => {
    expect(parseEvidence(evidence(), 'v.json')).toMatchObject({ verdict: 'PROMOTE', reasons: ['r'] });
    expect(check(evidence())).not.toThrow();
  });

  it.each<[string, Partial<Evidence>, RegExp]>([
    ['another policy', { policy: 'linucb' }, /it is about linucb/],
    ['a policy that has changed', { policy_hash: 'ab' }, /the policy has changed/],
    ['a policy whose code has changed', { vectors: 'vw' }, /the policy has changed/],
    ['other thresholds', { thresholds: { ...GATE_THRESHOLDS, alpha: 0.5 } }, /the thresholds of the gate have changed/],
    ['other features', { feature_set: 'bc' }, /the features have changed/],
    ['another verdict', { verdict: 'HOLD', verdict_with_risks: 'HOLD' }, /its verdict is HOLD: r/],
    ['no simulation', { simulated: false }, /without a simulation/],
    ['old', { evaluated_at_ms: NOW_MS - 25 * 3_600_000 }, /25 hours old/],
    ['about decisions of long ago', { until_ms: NOW_MS - 25 * 3_600_000 }, /judges decisions up to .* only/],
    ['from the future', { evaluated_at_ms: NOW_MS + 3_600_000 }, /made 60 minutes from now/],
  ])('%s is refused', (_, over, why) => {
    expect(check(evidence(over))).toThrow(
      expect.objectContaining({ code: 'not_promotable', message: expect.stringMatching(why) as string }) as Error,
    );
  });

  it.each<[string, Partial<PromotionTerms>, RegExp]>([
    ['another policy is live', { baseline: 'linucb' }, /it compares with egreedy-v1, and linucb is live/],
    ['another epsilon is in effect', exploring(0.2), /made for epsilon 0.1, and 0.2 is in effect/],
    ['epsilon decays', exploring(0.1, 5), /made for epsilon 0.1, and 0.1, decaying by 5 to 0.02 is in effect/],
    ['another salt is in effect', { salt: 'x' }, /made for the salt "0", and "x" is in effect/],
    ['reactions are worth something else', { rewards: { ...REWARDS, dismiss: -0.25 } }, /reactions are worth something else/],
    ['another lambda is in effect', { lambda: 10 }, /made for lambda 1, and 10 is in effect/],
    [
      'it would start from other sums',
      { trained: false, sums: ['egreedy-v2'] },
      /starts from egreedy-v1>egreedy-v2 \+ egreedy-v2, and it would start from egreedy-v2/,
    ],
    ['something changed within its decisions', { changedAtMs: NOW_MS - 8_999_999 }, /judges decisions since .* changed at /],
  ])('is refused when %s', (_, over, why) => {
    expect(check(evidence(), { terms: { ...terms, ...over } })).toThrow(why);
  });

  it('is refused when its simulation was made for other settings, and when it was used before', () => {
    expect(check(evidence({ simulation: { against: 'egreedy-v1', epsilon: 0.9, epsilon_min: null, epsilon_decay: null } }))).toThrow(
      /simulation compares with egreedy-v1 at epsilon 0.9, and egreedy-v1 is live at epsilon 0.1/,
    );
    expect(check(evidence(), { usedBy: 'promote-1' })).toThrow(/promote-1 was promoted with it: a verdict is used once/);
  });

  it('of which risks are open is taken by who accepts all of them, and no others', () => {
    const held = evidence({ verdict: 'HOLD', risks: ['persona=light', 'category=others'] });
    expect(check(held)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/its verdict is HOLD: r/) as string,
        hint: expect.stringMatching(/--accept-risk persona=light --accept-risk category=others --reason TEXT/) as string,
      }) as Error,
    );
    expect(check(held, { acceptedRisks: ['persona=light'] })).toThrow(/its verdict is HOLD/);
    expect(check(held, { acceptedRisks: ['category=others', 'persona=light'] })).not.toThrow();
    expect(check(held, { acceptedRisks: ['category=others', 'persona=light', 'hour=night'] })).toThrow(/hour=night is none of its risks/);
    const worse = evidence({ verdict: 'HOLD', verdict_with_risks: 'HOLD', risks: ['persona=light'] });
    expect(check(worse, { acceptedRisks: ['persona=light'] })).toThrow(/its verdict is HOLD/);
  });

  it('of another log is refused', () => {
    expect(check(evidence(), { otherLog: 'tip.scored partition 0 holds another record at offset 8 here' })).toThrow(
      /made from another log: tip\.scored partition 0 holds/,
    );
  });

  it.each<[string, object]>([
    ['the verdict', { verdict: 'HOLD' }],
    ['a reason', { reasons: ['it is surely better'] }],
    ['a number', { n: 1001 }],
    ['a record', { records: {} }],
    ['something more', { note: 'approved' }],
  ])('in which %s was altered is refused', (_, over) => {
    const altered = { ...(JSON.parse(evidence()) as Evidence), ...over };
    expect(check(JSON.stringify(altered))).toThrow(/not as it was printed/);
  });

  it('that was laid out anew, with its members in another order, is the same', () => {
    const document = JSON.parse(evidence()) as Evidence;
    expect(check(JSON.stringify(Object.fromEntries(Object.entries(document).reverse()), null, 4))).not.toThrow();
  });

  it.each(['', '{}', '[]', '{"verdict":"PROMOTE"}'])('%j is none', (text) => {
    expect(() => parseEvidence(text, 'v.json')).toThrow(expect.objectContaining({ code: 'invalid_argument' }) as Error);
  });
});
