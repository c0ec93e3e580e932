/** What holds where no policy.control says otherwise: give a command these options as `start` has them. */
import type { Config } from '../config.js';
import { SHADOW_OFF, type PolicySettings } from '../policies/controls/control.js';
import { policyNamed } from '../policies/registry.js';

/** Throws policy_not_found when --shadow names no policy. */
export function settingsOf({ epsilon, epsilonMin, epsilonDecay, salt, shadow, shadowLearning }: Given): PolicySettings {
  return { epsilon, epsilonMin, epsilonDecay, salt, shadow: shadow === SHADOW_OFF ? null : policyNamed(shadow).name, shadowLearning };
}

type Given = Pick<Config, 'epsilon' | 'epsilonMin' | 'epsilonDecay' | 'salt' | 'shadow' | 'shadowLearning'>;
