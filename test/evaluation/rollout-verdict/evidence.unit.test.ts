import { describe, expect, it } from 'vitest';
import { documentHash } from '../../../src/evaluation/evidence.js';
import {
  checkRolloutEvidence,
  isAboutRollout,
  parseRolloutEvidence,
  type ExpectedRollout,
  type RolloutEvidence,
} from '../../../src/evaluation/rollout-verdict/evidence.js';
import { ROLLOUT_VERDICT_THRESHOLDS } from '../../../src/evaluation/rollout-verdict/thresholds.js';

const NOW_MS = 1_795_219_200_000;
const HOUR_MS = 3_600_000;
const REWARDS = { done: 1, dismiss: 0, snooze: 0, window_ms: 604_800_000 };
const SINCE_MS = NOW_MS - 48 * HOUR_MS;
const terms: ExpectedRollout['terms'] = {
  baseline: 'old',
  trained: false,
  sums: ['new', 'old>new'],
  exploration: { epsilon: 0.1, epsilon_min: null, epsilon_decay: null },
  salt: '0',
  rewards: REWARDS,
  lambda: 1,
  prior: null,
  changedAtMs: SINCE_MS,
};
const expected: ExpectedRollout = {
  policy: 'new',
  policyHash: 'aa',
  vectors: 'vv',
  featureSet: 'ff',
  rolloutId: 'p1',
  reach: 50,
  terms,
  usedBy: undefined,
  acceptedRisks: [],
  nowMs: NOW_MS,
  effectiveAtMs: NOW_MS,
  otherLog: undefined,
};

function evidence(over: Partial<RolloutEvidence> = {}): RolloutEvidence {
  const document = {
    rollout_id: 'p1',
    policy: 'new',
    policy_hash: 'aa',
    vectors: 'vv',
    feature_set: 'ff',
    baseline: 'old',
    sums: ['new', 'old>new'],
    epsilon: 0.1,
    epsilon_min: null,
    epsilon_decay: null,
    salt: '0',
    rewards: REWARDS,
    lambda: 1,
    prior: null,
    percent: 50,
    since_ms: SINCE_MS,
    next_look_ms: NOW_MS + HOUR_MS,
    records: { 'tip.scored': { 0: { offset: 8, hash: 'cc' } } },
    evaluated_at_ms: NOW_MS - HOUR_MS,
    verdict: 'PROMOTE',
    reasons: ['r'],
    risks: [],
    verdict_with_risks: 'PROMOTE',
    thresholds: { ...ROLLOUT_VERDICT_THRESHOLDS },
    // What it says besides is in its hash too.
    difference: 0.04,
    ...over,
  };
  return parseRolloutEvidence({ ...document, hash: documentHash(document) }, 'verdict.json');
}
const check =
  (given: RolloutEvidence, over: Partial<ExpectedRollout> = {}) =>
  () =>
    checkRolloutEvidence(given, 'verdict.json', { ...expected, ...over });

describe('a verdict on a rollout, given to promote', () => {
  it('is accepted as it was printed', () => {
    expect(check(evidence())).not.toThrow();
    expect(check(evidence({ next_look_ms: null }))).not.toThrow();
  });

  it.each<[string, Partial<RolloutEvidence>, Partial<ExpectedRollout>, RegExp]>([
    ['another policy', { policy: 'other' }, {}, /it is about other$/],
    ['another rollout', { rollout_id: 'p0' }, {}, /it is about the rollout p0, and p1 is the one to be raised$/],
    ['one that was taken back', {}, { rolloutId: undefined, reach: undefined }, /about the rollout p1, and new is live for nobody$/],
    ['another percentage', {}, { reach: 60 }, /it judges 50 percent of the users, and 60 are covered$/],
    ['another definition', { policy_hash: 'ab' }, {}, /the policy has changed since$/],
    ['another code', {}, { vectors: 'ww' }, /the policy has changed since$/],
    ['other features', {}, { featureSet: 'gg' }, /the features have changed since$/],
    ['other thresholds', { thresholds: { alpha: 0.1 } }, {}, /the thresholds of verdicts on rollouts have changed since$/],
    ['no gain', { verdict: 'HOLD', verdict_with_risks: 'HOLD', reasons: ['no gain', 'harm'] }, {}, /its verdict is HOLD: no gain; harm$/],
    ['a verdict of the future', { evaluated_at_ms: NOW_MS + 60_000 }, {}, /it was made 1 minutes from now: the clocks differ$/],
    ['an old verdict', { evaluated_at_ms: NOW_MS - 25 * HOUR_MS }, {}, /it is 25 hours old, and may be 24$/],
    ['a look that is due', { next_look_ms: NOW_MS }, {}, /another look at the rollout is due at 2026-/],
    ['another log', {}, { otherLog: 'tip.scored partition 0 ends at offset 3 here' }, /it was made from another log: tip\.scored/],
    ['a second use', {}, { usedBy: 'p2' }, /p2 was promoted with it: a verdict is used once$/],
    ['another baseline', { baseline: 'older' }, {}, /it compares with older, and old decides for the others$/],
    ['another epsilon', { epsilon: 0.9 }, {}, /it was made for epsilon 0\.9, and 0\.1 is in effect$/],
    ['another salt', { salt: '1' }, {}, /it was made for the salt "1", and "0" is in effect$/],
    ['other rewards', { rewards: { ...REWARDS, dismiss: -1 } }, {}, /reactions are worth something else since$/],
    ['another prior', { prior: 'c1' }, {}, /it judges the policy with the prior c1, and it would go on without a prior$/],
    ['another lambda', { lambda: 2 }, {}, /it was made for lambda 2, and 1 is in effect$/],
    ['another state', { sums: ['new'] }, {}, /goes on with new, and it would go on with new \+ old>new$/],
    ['a change since', {}, { terms: { ...terms, changedAtMs: SINCE_MS + 1 } }, /have changed at 2026-/],
    ['a risk that is none', {}, { acceptedRisks: ['persona=light'] }, /persona=light is none of its risks: there are none$/],
  ])('is refused for %s', (_, over, than, message) => {
    expect(check(evidence(over), than)).toThrow(
      expect.objectContaining({ code: 'not_promotable', message: expect.stringMatching(message) as string }),
    );
  });

  it('is refused when a word of it was altered, whatever the word', () => {
    const printed = evidence();
    expect(check({ ...printed, actualHash: 'other' })).toThrow(/it is not as it was printed/);
    const { actualHash: _, ...document } = { ...printed, difference: 0.05 };
    expect(check(parseRolloutEvidence(document, 'verdict.json'))).toThrow(/it is not as it was printed/);
  });

  it('is accepted with its risks, each by name', () => {
    const risky = evidence({
      verdict: 'HOLD',
      verdict_with_risks: 'PROMOTE',
      reasons: ['harm to light'],
      risks: ['persona=light', 'persona=heavy+regular'],
    });
    expect(check(risky, { acceptedRisks: ['persona=light', 'persona=heavy+regular'] })).not.toThrow();
    expect(check(risky, { acceptedRisks: ['persona=light'] })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("--accept-risk 'persona=heavy+regular' --reason TEXT") as string }),
    );
  });

  it('is told from other documents, and must be whole', () => {
    expect([isAboutRollout({ rollout_id: 'p1' }), isAboutRollout({ policy: 'new' }), isAboutRollout(null), isAboutRollout([])]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(() => parseRolloutEvidence({ rollout_id: 'p1' }, 'verdict.json')).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringContaining('verdict.json is not what') as string }),
    );
  });
});
