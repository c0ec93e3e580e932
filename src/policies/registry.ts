/** Every policy there is, by name. Adding one is a file of its own and a line here; CONTRIBUTING.md says the rest. */
import { TipstreamError } from '../errors.js';
import { egreedyV1 } from './egreedy-v1.js';
import { egreedyV2 } from './egreedy-v2.js';
import { egreedyV3 } from './egreedy-v3.js';
import { egreedyV4 } from './egreedy-v4.js';
import { linucb } from './linucb.js';
import { random } from './random.js';
import { SHADOW_SUFFIX, type PolicyDefinition } from './policy.js';

export const POLICIES: readonly PolicyDefinition[] = [random, egreedyV1, egreedyV2, egreedyV3, egreedyV4, linucb];

/** Those that choose by what they have learned: each has paths for scores, rewards and statistics. */
export const LEARNING_POLICIES: readonly PolicyDefinition[] = POLICIES.filter(({ fixedEpsilon }) => fixedEpsilon !== 1);
/** What `tipstream simulate` compares unless it is told otherwise: the first, the default policy, is what the others are compared with. */
export const SIMULATED_POLICIES: readonly PolicyDefinition[] = [...new Set([egreedyV1, ...LEARNING_POLICIES, ...POLICIES])];

const BY_NAME = new Map(POLICIES.map((policy) => [policy.name, policy]));

/** Live from the start, until a promote says otherwise. */
export const DEFAULT_POLICY = egreedyV1.name;
/** What `--shadow` runs unless it names another. */
export const DEFAULT_SHADOW = egreedyV2.name;

/** The policy of that name, or undefined. A shadow's event name is not a policy's name. */
export function findPolicy(name: string): PolicyDefinition | undefined {
  return BY_NAME.get(name);
}

/** The policy of that name; throws policy_not_found. */
export function policyNamed(name: string): PolicyDefinition {
  const policy = findPolicy(name);
  if (policy === undefined) {
    throw new TipstreamError('policy_not_found', `there is no policy named ${JSON.stringify(name)}`, {
      hint: `Choose one of ${POLICIES.map((known) => known.name).join(', ')}.`,
      details: { policy: name },
    });
  }
  return policy;
}

/** `egreedy-v2` -> `egreedy/v2`, `linucb` -> `linucb`: its part of the paths for scores, rewards and statistics. */
export function policyPath(policyName: string): string {
  return policyName.replace(/-(v\d+)$/, '/$1');
}

/** `egreedy-v2` -> `egreedy-v2-shadow`: the `policy` of a shadow's events. */
export function shadowEventName(policyName: string): string {
  return policyName + SHADOW_SUFFIX;
}

/** The policy behind an event's `policy`, live or shadow, or undefined when this version knows none by that name. */
export function policyOfEvent(eventPolicy: string): PolicyDefinition | undefined {
  return findPolicy(eventPolicy.endsWith(SHADOW_SUFFIX) ? eventPolicy.slice(0, -SHADOW_SUFFIX.length) : eventPolicy);
}
