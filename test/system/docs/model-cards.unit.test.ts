/** docs/models: a card for every policy, made for the policy as it is, with nothing left out. After a change: npm run cards. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fingerprintOfCard, hashOfCard, modelCard } from '../../../src/cards/model-card.js';
import { vectorFingerprint } from '../../../src/policies/vector-fingerprint.js';
import { policyHash } from '../../../src/policies/policy-hash.js';
import { POLICIES } from '../../../src/policies/registry.js';
import { FACTS } from '../../support/card-facts.js';

const FOLDER = join(import.meta.dirname, '../../..', 'docs', 'models');
const cardOf = (name: string): string => readFileSync(join(FOLDER, `${name}.md`), 'utf8');

describe('the model cards', () => {
  it('are there for every policy and for nothing else', () => {
    expect(
      readdirSync(FOLDER)
        .filter((name) => name.endsWith('.md'))
        .sort(),
    ).toEqual(POLICIES.map(({ name }) => `${name}.md`).sort());
  });

  it.each(POLICIES)('of $name is not older than the policy', (policy) => {
    expect(hashOfCard(cardOf(policy.name)), 'npm run cards makes it anew').toBe(policyHash(policy));
    expect(fingerprintOfCard(cardOf(policy.name)), 'the vectors have changed: raise stateVersion, then ' + 'npm run cards').toBe(
      vectorFingerprint(policy),
    );
  });

  it.each(POLICIES)('of $name explains every input', (policy) => {
    for (const name of policy.featureNames)
      expect(cardOf(policy.name)).toContain(`| ${name} | ${policy.inputs[name]!.from} | ` + `${policy.inputs[name]!.normalised} |`);
  });

  it.each(POLICIES)('of $name fills every section, and says that nobody is real', ({ name }) => {
    const card = cardOf(name);
    expect(card).toContain('**Synthetic: no number here comes from people.**');
    expect(card).toMatch(/^## Training data\n[^#]*^\| tip\.scored \| 0:\d+ /m);
    expect(card).toMatch(/^## Simulation\n[^#]*^\| \*\*/m);
    expect(card).toMatch(/^## Evaluation on logged decisions\n[^#]*^Verdict, with(out)? a simulation: \*\*(PROMOTE|HOLD|UNEVALUABLE)\*\*/m);
    expect(card).toMatch(/^## Fairness\n[^#]*^\| morning \|[^#]*^\| tenure \| older \|/m);
    if (['egreedy-v1', 'egreedy-v2'].includes(name)) expect(card).toMatch(/^## Rollout\n[^#]*\| promote egreedy-v2 10 % \|/m);
  });

  it('would be another after any change of a policy', () => {
    const [policy] = POLICIES;
    const hash = policyHash(policy!);
    for (const changed of [
      { ...policy!, optimism: 2 },
      { ...policy!, stateVersion: 9 },
      { ...policy!, hyperparameters: { ...policy!.hyperparameters, lambda: 2 } },
      { ...policy!, featureNames: ['other'] },
    ])
      expect(policyHash(changed)).not.toBe(hash);
    const changed = modelCard({ ...FACTS, policy: { ...policy!, stateVersion: 9, vectorizer: () => () => [0] } });
    expect(hashOfCard(changed)).toMatch(/^[0-9a-f]{16}$/);
    expect(hashOfCard(changed)).not.toBe(hash);
    expect(fingerprintOfCard(changed)).toMatch(/^[0-9a-f]{16}$/);
    expect(fingerprintOfCard(changed)).not.toBe(vectorFingerprint(policy!));
    expect([hashOfCard('# no card'), fingerprintOfCard('# no card')]).toEqual([undefined, undefined]);
  });
});
