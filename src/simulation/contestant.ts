/** Who takes part in a simulation: a policy, with what it begins from and how it explores. */
import type { PolicySettings } from '../policies/controls/control.js';
import type { PolicyDefinition } from '../policies/policy.js';

export type Exploration = Pick<PolicySettings, 'epsilon' | 'epsilonMin' | 'epsilonDecay'>;

export interface Contestant {
  /** As results name it; no two are alike. */
  readonly name: string;
  readonly policy: PolicyDefinition;
  readonly exploration: Exploration;
  /** Whether it begins with what was learned from other users; absent: with nothing. */
  readonly prior?: boolean;
}
