import { describe, expect, it } from 'vitest';
import { vectorFingerprint } from '../../src/policies/vector-fingerprint.js';
import { POLICIES, policyNamed } from '../../src/policies/registry.js';
import type { PolicyDefinition } from '../../src/policies/policy.js';

/** The policy with one entry of one vector in many changed by one step of the grid. */
const nudged = (policy: PolicyDefinition, entry: number, when: (tipId: string) => boolean): PolicyDefinition => ({
  ...policy,
  vectorizer: (context, profile) => (candidate) =>
    policy
      .vectorizer(
        context,
        profile,
      )(candidate)
      .map((value, i) => (i === entry && when(candidate.tip_id) ? value + 1 / 4096 : value)),
});

describe("the vectors' fingerprint", () => {
  it('tells policies with different vectors apart, and only those', () => {
    const prints = POLICIES.map(vectorFingerprint);
    const names = ['random', 'egreedy-v1', 'egreedy-v2', 'egreedy-v3', 'egreedy-v4', 'linucb'];
    expect(new Set(names.map((name) => vectorFingerprint(policyNamed(name)))).size).toBe(5);
    expect(vectorFingerprint(policyNamed('linucb'))).toBe(vectorFingerprint(policyNamed('egreedy-v2')));
    expect(POLICIES.map(vectorFingerprint)).toEqual(prints);
  });

  it('changes with every entry', () => {
    const policy = policyNamed('egreedy-v4');
    for (let entry = 0; entry < policy.dimension; entry++)
      expect(vectorFingerprint(nudged(policy, entry, (tipId) => tipId === 'd'))).not.toBe(vectorFingerprint(policy));
  });

  it('sees caps and missing values', () => {
    const policy = policyNamed('egreedy-v1');
    const uncapped: PolicyDefinition = {
      ...policy,
      vectorizer: (context, profile) => (candidate) =>
        policy
          .vectorizer(
            context,
            profile,
          )(candidate)
          .map((value, i) => (i === 2 && candidate.task_age_days > 30 ? 2 : value)),
    };
    expect(vectorFingerprint(uncapped)).not.toBe(vectorFingerprint(policy));
    const v2 = policyNamed('egreedy-v2');
    const midnight: PolicyDefinition = {
      ...v2,
      vectorizer: (context, profile) => v2.vectorizer(context, { ...profile, preferred_hour: profile.preferred_hour ?? 0 }),
    };
    expect(vectorFingerprint(midnight)).not.toBe(vectorFingerprint(v2));
  });
});
