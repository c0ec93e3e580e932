/** docs/models: a card for every policy, made for the policy as it is. After a change: npm run cards. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashOfCard, modelCard } from '../../src/cards/model-card.js';
import { INPUTS } from '../../src/policies/inputs.js';
import { policyHash } from '../../src/policies/policy-hash.js';
import { POLICIES } from '../../src/policies/registry.js';

const FOLDER = join(import.meta.dirname, '..', '..', 'docs', 'models');
const cardOf = (name: string): string => readFileSync(join(FOLDER, `${name}.md`), 'utf8');

describe('the model cards', () => {
  it('are there for every policy and for nothing else', () => {
    expect(readdirSync(FOLDER).filter((name) => name.endsWith('.md')).sort()).toEqual(POLICIES.map(({ name }) => `${name}.md`).sort());
  });

  it.each(POLICIES)('of $name is not older than the policy', (policy) => {
    expect(hashOfCard(cardOf(policy.name)), 'npm run cards makes it anew').toBe(policyHash(policy));
  });

  it.each(POLICIES)('of $name explains every input', (policy) => {
    for (const name of policy.featureNames) expect(cardOf(policy.name)).toContain(`| ${name} | ${INPUTS[name]!.from} | ${INPUTS[name]!.normalised} |`);
  });

  it('would be another after any change of a policy', () => {
    const [policy] = POLICIES;
    const hash = policyHash(policy!);
    for (const changed of [{ ...policy!, optimism: 2 }, { ...policy!, stateVersion: 9 }, { ...policy!, hyperparameters: { ...policy!.hyperparameters, lambda: 2 } }, { ...policy!, featureNames: ['other'] }]) expect(policyHash(changed)).not.toBe(hash);
    expect(hashOfCard(modelCard({ policy: { ...policy!, stateVersion: 9 } }))).not.toBe(hash);
    expect(hashOfCard('# no card')).toBeUndefined();
  });
});
