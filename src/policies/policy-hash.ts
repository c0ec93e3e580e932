import { createHash } from 'node:crypto';
import type { PolicyDefinition } from './policy.js';

/** 16 hex digits that change with anything that decides what the policy does with the same examples. */
export function policyHash({ name, featureNames, hyperparameters, fixedEpsilon, optimism, stateVersion }: PolicyDefinition): string {
  return createHash('sha256')
    .update(JSON.stringify([name, featureNames, Object.entries(hyperparameters).sort(), fixedEpsilon, optimism, stateVersion]))
    .digest('hex')
    .slice(0, 16);
}
