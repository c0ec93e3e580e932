/**
 * How much is explored in one decision.
 *
 * Epsilon may decay with what has been learned of a user: max(epsilonMin, min(epsilon, epsilonDecay / updates)). A newcomer is explored
 * with all of epsilon, a known user with little. Who evaluates a candidate on the decisions made meanwhile needs propensities that are
 * not small, so epsilon is held at its full size as long as there is one: a policy that is live for less than everybody, or that learns
 * in the shadow. What a promote for all leaves behind is no candidate: its hold-out, and the policy that it replaced.
 */
import type { ControlEvent } from '../../topics.js';
import { controlsInEffect, decays, type PolicySettings } from './control.js';
import { standingPromotes } from './promotes.js';
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

function isCandidateEvaluated(
  settings: PolicySettings,
  controls: readonly ControlEvent[],
  requestedAtMs: number,
  defaultPolicy: string,
): boolean {
  const { shares } = rolloutAt(controls, requestedAtMs, defaultPolicy, settings);
  const forAll = shares.findIndex(({ controlId, holdout }) => controlId === null || holdout !== null);
  const rollouts = forAll === -1 ? shares : shares.slice(0, forAll);
  if (rollouts.some((rollout) => shares.some(({ policy }) => policy !== rollout.policy))) return true;
  const { shadow, shadowLearning } = settings;
  return shadow !== null && shadowLearning && !haveBeenLive(controls, requestedAtMs, defaultPolicy).has(shadow);
}

/** Those that were live for everybody, and what is left with them of a promote for all. */
function haveBeenLive(controls: readonly ControlEvent[], requestedAtMs: number, defaultPolicy: string): Set<string> {
  const promotes = standingPromotes(controlsInEffect(controls, requestedAtMs));
  return new Set([defaultPolicy, ...promotes.flatMap(({ policy, percent }) => ((percent ?? 100) < 100 ? [] : [policy!]))]);
}
