import { describe, expect, it } from 'vitest';
import type { PoliciesDocument } from '../../../src/service/application.js';
import { policyCommands } from '../../../src/web/state/policy-commands.js';
import { verdictIn } from '../../../src/web/state/verdict.js';
import { fakeApplication } from '../../support/fake-application.js';

const fake = await fakeApplication().policies();
const entry = (policy: string, live_percent: number) => ({ ...fake.policies[0]!, policy, live_percent });
const document = (over: Partial<PoliciesDocument>): PoliciesDocument => ({ ...fake, history: [], ...over });
const texts = (over: Partial<PoliciesDocument>) => policyCommands(document(over)).map(({ text }) => text.replace('npx tipstream ', ''));

describe('the commands', () => {
  it('promote the shadow, else a policy that is not live', () => {
    const policies = [entry('a', 10), entry('b', 90), entry('c', 0)];
    expect(texts({ policies, settings: { ...fake.settings, shadow: 'a' } })).toEqual([
      'evaluate --policy a --json > verdict.json',
      'promote a --evidence verdict.json --percent 10',
      'promote a --evidence verdict.json',
      'policies history',
      'policies card b',
    ]);
    expect(texts({ policies })[0]).toBe('evaluate --policy c --json > verdict.json');
    expect(texts({ policies: [entry('a', 100)] })).toEqual(['policies history', 'policies card a']);
  });

  it('take back what stands', () => {
    const promote = { control_id: 'p', type: 'promote', effective_at_ms: 1, policy: 'a' } as const;
    expect(texts({ history: [{ ...promote, effect: 'stands' }] })).toContain('rollback');
    expect(texts({ history: [{ ...promote, effect: 'taken_back' }] })).not.toContain('rollback');
  });
});

describe('the last verdict', () => {
  const promote = { control_id: 'p', type: 'promote', effective_at_ms: 7, policy: 'a' } as const;
  it.each([
    [undefined, 'without evidence: because', undefined],
    [{ evaluated_at_ms: 3, forced: false }, 'after the gate said PROMOTE', 3],
    [{ evaluated_at_ms: 3, forced: true }, 'against the evidence', 3],
    ['x', 'without evidence: because', undefined],
  ])('of %j', (evidence, text, evaluatedAtMs) => {
    expect(verdictIn([{ ...promote, evidence, reason: 'because' }])).toEqual({ policy: 'a', atMs: 7, text, evaluatedAtMs });
  });

  it('is none before anything was promoted', () => {
    expect(verdictIn([{ ...promote, type: 'rollback' }])).toBeUndefined();
  });
});
