import { describe, expect, it } from 'vitest';
import { checkEvidence, evidenceHash, parseEvidence, type Evidence } from '../../src/evaluation/evidence.js';
import { GATE_THRESHOLDS } from '../../src/evaluation/thresholds.js';

const NOW_MS = 1_795_219_200_000;
const expected = { policy: 'egreedy-v2', policyHash: 'aa', featureSet: 'bb', nowMs: NOW_MS, ends: { 'tip.scored': { 0: 10 } } };
function evidence(over: Partial<Evidence> = {}): string {
  const bound = { policy: 'egreedy-v2', policy_hash: 'aa', feature_set: 'bb', positions: { 'tip.scored': { 0: 9 } }, evaluated_at_ms: NOW_MS - 3_600_000, verdict: 'PROMOTE' as const, simulated: true, reasons: ['r'], ...over };
  return JSON.stringify({ ...bound, hash: evidenceHash(bound), n: 1000 });
}
const check = (text: string) => () => checkEvidence(parseEvidence(text, 'v.json'), 'v.json', expected, GATE_THRESHOLDS);

describe('evidence', () => {
  it('of this policy, these features and this log, fresh and with a simulation, is taken', () => {
    expect(parseEvidence(evidence(), 'v.json')).toMatchObject({ verdict: 'PROMOTE', reasons: ['r'] });
    expect(check(evidence())).not.toThrow();
  });

  it.each<[string, Partial<Evidence>, RegExp]>([
    ['another policy', { policy: 'linucb' }, /it is about linucb/],
    ['a policy that has changed', { policy_hash: 'ab' }, /the policy has changed/],
    ['other features', { feature_set: 'bc' }, /the features have changed/],
    ['another verdict', { verdict: 'HOLD' }, /its verdict is HOLD: r/],
    ['no simulation', { simulated: false }, /without a simulation/],
    ['old', { evaluated_at_ms: NOW_MS - 25 * 3_600_000 }, /25 hours old/],
    ['from the future', { evaluated_at_ms: NOW_MS + 3_600_000 }, /hours old/],
    ['another log', { positions: { 'tip.scored': { 0: 11 } } }, /another log/],
    ['another topic', { positions: { 'x.tip.scored': { 0: 1 } } }, /another log/],
  ])('%s is refused', (_, over, why) => {
    expect(check(evidence(over))).toThrow(expect.objectContaining({ code: 'not_promotable', message: expect.stringMatching(why) as string }) as Error);
  });

  it('that was altered is refused', () => {
    const altered = { ...(JSON.parse(evidence({ verdict: 'HOLD' })) as Evidence), verdict: 'PROMOTE' };
    expect(check(JSON.stringify(altered))).toThrow(/not as it was printed/);
  });

  it.each(['', '{}', '[]', '{"verdict":"PROMOTE"}'])('%j is none', (text) => {
    expect(() => parseEvidence(text, 'v.json')).toThrow(expect.objectContaining({ code: 'invalid_argument' }) as Error);
  });
});
