/**
 * What promoting a policy would put in effect, and what it would replace: the terms that evidence is about, and that a promotion compares
 * with those of its own time. A function of policy.control alone, besides the options of the process.
 */
import type { ControlEvent } from '../../topics.js';
import { controlsInEffect, settingsAt, settingsDocument, type PolicySettings, type SettingsDocument } from './control.js';
import { sumsName } from '../example-source.js';
import { canMigrate, migrationAt, statePartsAt } from './migration.js';
import type { PolicyDefinition } from '../policy.js';
import { priorAt } from './prior-settings.js';
import { rewardRulesAt, rewardsDocument, type RewardsDocument } from './reward-rules.js';
import { POLICIES, policyNamed } from '../registry.js';
import { rolloutAt, type Share } from './rollout.js';

/** As configured; a policy may have an epsilon of its own. */
export type ExplorationTerms = Pick<SettingsDocument, 'epsilon' | 'epsilon_min' | 'epsilon_decay'>;

/** Equal where all of it is. */
export function explorationWords({ epsilon, epsilon_min: min, epsilon_decay: decay }: ExplorationTerms): string {
  return decay === null ? String(epsilon) : `${epsilon}, decaying by ${decay} to ${min ?? 0}`;
}

export interface PromotionTerms {
  /** The policy that would be replaced: see `baselineOf`. */
  readonly baseline: string;
  /** Whether the policy starts trained from the baseline's decisions by a replay, rather than from sums that it has already. */
  readonly trained: boolean;
  /** What its state is then made of, by the names of the sums, in a fixed order. */
  readonly sums: readonly string[];
  readonly exploration: ExplorationTerms;
  readonly salt: string;
  /** What reactions are worth. */
  readonly rewards: RewardsDocument;
  /** Of its prior, where it has one. */
  readonly lambda: number;
  /** control_id of the prior that its theta starts from; null: none. */
  readonly prior: string | null;
  /** Since when who is live, the settings of decisions and the migrations are what they are, Unix ms; 0: from the beginning. */
  readonly changedAtMs: number;
}

/** `base`: what the options say where no control does. */
export function promotionTerms(
  controls: readonly ControlEvent[],
  atMs: number,
  policy: PolicyDefinition,
  defaultPolicy: string,
  base: PolicySettings,
): PromotionTerms {
  const { shares, settings } = rolloutAt(controls, atMs, defaultPolicy, base);
  const { epsilon, epsilon_min, epsilon_decay } = settingsDocument(settings);
  const baseline = baselineOf(shares, policy.name);
  const training = trainingControl(policy, policyNamed(baseline), atMs);
  const prior = priorAt(controls, atMs, policy);
  const then = training === null ? controls : [...controls, training];
  return {
    baseline,
    trained: training !== null,
    sums: sumsAt(then, atMs, policy),
    exploration: { epsilon, epsilon_min, epsilon_decay },
    salt: settings.salt,
    rewards: rewardsDocument(rewardRulesAt(controls, atMs)),
    lambda: prior?.lambda ?? policy.hyperparameters.lambda,
    prior: prior?.controlId ?? null,
    changedAtMs: newestChangeAt(controls, atMs, defaultPolicy, base, policy.name),
  };
}

/** The same of a policy that is live for some users already, and goes on with the state that it has. */
export function rolloutTerms(
  controls: readonly ControlEvent[],
  atMs: number,
  policy: PolicyDefinition,
  defaultPolicy: string,
  base: PolicySettings,
): PromotionTerms {
  return { ...promotionTerms(controls, atMs, policy, defaultPolicy, base), trained: false, sums: sumsAt(controls, atMs, policy) };
}

function sumsAt(controls: readonly ControlEvent[], atMs: number, { name }: PolicyDefinition): string[] {
  return statePartsAt(controls, atMs, name)
    .map(({ examples }) => sumsName(examples))
    .sort();
}

/** Of the policies that are live beside `policy`, the one with the most users; `policy` itself where it has all of them. */
export function baselineOf(shares: readonly Share[], policy: string): string {
  const users = new Map<string, number>();
  for (const { policy: name, percent } of shares) if (name !== policy) users.set(name, (users.get(name) ?? 0) + percent);
  const [most] = [...users].sort(([, a], [, b]) => b - a);
  return most?.[0] ?? policy;
}

/** control_id of a training that nobody has written yet; behind every other one of its time. */
const TO_BE = '\u{10ffff}';

/**
 * The migrate by which `policy` starts with the baseline's decisions in its own vectors. null where there is none: its vector does not
 * begin with the baseline's, or it is the baseline.
 */
export function trainingControl(
  policy: PolicyDefinition,
  baseline: PolicyDefinition,
  atMs: number,
  controlId = TO_BE,
): ControlEvent | null {
  if (!canMigrate(baseline, policy)) return null;
  return {
    control_id: controlId,
    type: 'migrate',
    effective_at_ms: atMs,
    policy: policy.name,
    from: baseline.name,
    train_from_replay: true,
  };
}

/**
 * effective_at_ms of the newest control in effect at `atMs` from which on decisions are made by another rule: who is live for which
 * share, a setting other than those of the shadow, what reactions are worth, a migration for everybody, or the
 * prior of a policy that is live or of the one that is judged. 0: none.
 */
export function newestChangeAt(
  controls: readonly ControlEvent[],
  atMs: number,
  defaultPolicy: string,
  base: PolicySettings,
  judged?: string,
): number {
  const inEffect = controlsInEffect(controls, atMs);
  const ruleAt = (requestedAtMs: number): string => {
    const { shadow: _, shadowLearning: __, ...settings } = settingsAt(inEffect, requestedAtMs, base);
    const shares = rolloutAt(inEffect, requestedAtMs, defaultPolicy, base).shares.map(({ policy, percent, rolloutId }) => [
      policy,
      percent,
      rolloutId,
    ]);
    const migrations = POLICIES.map((into) => migrationAt(inEffect, requestedAtMs, into)?.controlId ?? null);
    const deciding = POLICIES.filter(({ name }) => name === judged || shares.some(([policy]) => policy === name));
    const priors = deciding.map((policy) => priorAt(inEffect, requestedAtMs, policy)?.controlId ?? null);
    return JSON.stringify([settings, rewardRulesAt(inEffect, requestedAtMs), shares, migrations, priors]);
  };
  const times = [...new Set(inEffect.map((control) => control.effective_at_ms))].sort((a, b) => b - a);
  return times.find((time) => ruleAt(time) !== ruleAt(time - 1)) ?? 0;
}
