/** What metrics and GET /v1/policies are made of. */
import type { PriorDocument } from '../../policies/controls/prior-settings.js';
import type { Rollout } from '../../policies/controls/rollout.js';
import type { ControlEvent } from '../../topics.js';
import type { GuardrailState } from './guardrail-state.js';
import type { WatchedPrior } from './prior-watch.js';
import type { PolicyCounts } from './policy-counts.js';

export interface PolicyFacts {
  readonly rollout: Rollout;
  /** Those that hold for everybody, each control_id once. */
  readonly controls: readonly ControlEvent[];
  /** undefined: still being counted. */
  readonly counts: PolicyCounts | undefined;
  /** Of the rollouts that stand, the newest first. */
  readonly guardrail: readonly GuardrailState[];
  /** Those that are set, stale or not. */
  readonly setPriors: readonly Pick<PriorDocument, 'policy' | 'stale'>[];
  /** Priors in effect with how well they predict; undefined: still being counted. */
  readonly priors: readonly WatchedPrior[] | undefined;
}
