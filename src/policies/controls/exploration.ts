/**
 * How much is explored in one decision.
 *
 * Epsilon may decay with what has been learned of a user: max(epsilonMin, min(epsilon, epsilonDecay / updates)). A newcomer is explored
 * with all of epsilon, a known user with little. Who evaluates a candidate on the decisions made meanwhile needs propensities that are
 * not small, so epsilon is held at its full size as long as more than one policy is live or a shadow is on.
 */
import type { ControlEvent } from '../../topics.js';
import { decays, type PolicySettings } from './control.js';
import { rolloutAt } from './rollout.js';

/** What decides it besides the settings in effect. */
export interface ExplorationRequest {
  readonly controls: readonly ControlEvent[];
  readonly requestedAtMs: number;
  /** Live from the start. */
  readonly defaultPolicy: string;
  /** Rewarded decisions behind the state of the policy that decides. */
  readonly updates: number;
}

/** Epsilon of a decision under `settings`, those in effect when it is requested. */
export function epsilonAt(settings: PolicySettings, { controls, requestedAtMs, defaultPolicy, updates }: ExplorationRequest): number {
  if (!decays(settings) || isCandidateEvaluated(settings, controls, requestedAtMs, defaultPolicy)) return settings.epsilon;
  return decayedEpsilon(settings, updates);
}

/** The same where no candidate is evaluated. */
export function decayedEpsilon(settings: Pick<PolicySettings, 'epsilon' | 'epsilonMin' | 'epsilonDecay'>, updates: number): number {
  const { epsilon, epsilonMin = 0, epsilonDecay = 0 } = settings;
  // epsilonDecay / 0 is Infinity: a user of whom nothing is known is explored with all of epsilon.
  return decays(settings) ? Math.max(epsilonMin, Math.min(epsilon, epsilonDecay / updates)) : epsilon;
}

/** A rollout below 100 percent or with a hold-out stands, or a shadow does. */
function isCandidateEvaluated(
  settings: PolicySettings,
  controls: readonly ControlEvent[],
  requestedAtMs: number,
  defaultPolicy: string,
): boolean {
  if (settings.shadow !== null) return true;
  const { shares } = rolloutAt(controls, requestedAtMs, defaultPolicy, settings);
  return new Set(shares.map(({ policy }) => policy)).size > 1;
}
