/**
 * Which pooled prior holds for a policy: the newest that a configure in effect sets. It is bound to what it was fitted for. With other
 * vectors it is refused as an event; for decisions whose reactions are worth something else it is stale and does not hold, and it holds
 * again should they be worth the same again.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ControlEvent } from '../../topics.js';
import type { PolicyDefinition, PooledPrior } from '../policy.js';
import { findPolicy, POLICIES } from '../registry.js';
import { vectorFingerprint } from '../vector-fingerprint.js';
import { controlsInEffect } from './control.js';
import { DEFAULT_REWARDS, mergedRewards, rewardRulesAt } from './reward-rules.js';

/** settings.prior of a configure. */
export type PriorSetting = NonNullable<NonNullable<ControlEvent['settings']>['prior']>;

interface SetPrior {
  readonly control: ControlEvent;
  readonly prior: PooledPrior;
  /** Fitted for rewards that are not those in effect. */
  readonly isStale: boolean;
}

function settingOf({ type, settings }: ControlEvent): PriorSetting | undefined {
  return type === 'configure' ? (settings?.prior ?? undefined) : undefined;
}

/** The newest prior for the policy in effect, stale or not; null: none, or the newest configure about it takes it away. */
export function setPriorAt(controls: Iterable<ControlEvent>, requestedAtMs: number, policy: PolicyDefinition): SetPrior | null {
  const all = [...controls];
  const [newest] = controlsInEffect(
    all.filter((control) => settingOf(control)?.policy === policy.name),
    requestedAtMs,
  ).slice(-1);
  const setting = newest && settingOf(newest);
  if (setting?.theta == null) return null;
  const { theta, lambda, rewards } = setting;
  const fittedFor = rewards == null ? rewardRulesAt(all, newest!.effective_at_ms) : mergedRewards(DEFAULT_REWARDS, rewards);
  return {
    control: newest!,
    prior: { controlId: newest!.control_id, theta, lambda: lambda ?? policy.hyperparameters.lambda },
    isStale: !isDeepStrictEqual(fittedFor, rewardRulesAt(all, requestedAtMs)),
  };
}

/** The prior by which a decision requested then is scored; null: none. */
export function priorAt(controls: readonly ControlEvent[], requestedAtMs: number, policy: PolicyDefinition): PooledPrior | null {
  // Few deployments have one, and every decision asks.
  if (!controls.some((control) => settingOf(control)?.policy === policy.name)) return null;
  const set = setPriorAt(controls, requestedAtMs, policy);
  return set === null || set.isStale ? null : set.prior;
}

export interface PriorDocument {
  readonly policy: string;
  readonly control_id: string;
  readonly effective_at_ms: number;
  readonly lambda: number;
  /** One per entry of the policy's vector. */
  readonly theta: readonly number[];
  /** Reactions are worth something else than when it was fitted: decisions are scored without it. */
  readonly stale: boolean;
}

/** The prior of each policy that has one, in the order of the registry. */
export function priorDocuments(controls: Iterable<ControlEvent>, atMs: number): PriorDocument[] {
  const all = [...controls];
  return POLICIES.flatMap((policy) => {
    const set = setPriorAt(all, atMs, policy);
    if (set === null) return [];
    const { control, prior, isStale } = set;
    const { controlId, lambda, theta } = prior;
    return [
      { policy: policy.name, control_id: controlId, effective_at_ms: control.effective_at_ms, lambda, theta: [...theta], stale: isStale },
    ];
  });
}

/** Whether a prior can mean anything for the policy: it learns, and its scores follow from theta alone. */
export function takesPrior({ fixedEpsilon, optimism }: PolicyDefinition): boolean {
  return fixedEpsilon === null && optimism === 0;
}

/** Why a prior cannot hold, for its sender; undefined: it can, or there is none. */
export function priorRefusal(event: ControlEvent): string | undefined {
  const setting = settingOf(event);
  const policy = setting && findPolicy(setting.policy);
  if (policy === undefined) return undefined; // an unknown policy, which has a code of its own
  const { name, dimension } = policy;
  if (!takesPrior(policy)) return `${name} takes no prior: only policies that choose by theta alone do`;
  const { theta, vectors } = setting!;
  if (theta == null) return undefined;
  if (theta.length !== dimension) return `theta has ${theta.length} entries, and the vectors of ${name} have ${dimension}`;
  const fingerprint = vectorFingerprint(policy);
  if (vectors === fingerprint) return undefined;
  const fittedFor = vectors == null ? 'it does not say for which vectors it was fitted' : `it was fitted for the vectors ${vectors}`;
  return `${fittedFor}, and those of ${name} here are ${fingerprint}`;
}
