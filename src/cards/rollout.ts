/** One policy's part in what policy.control says: for which share of the users it was live, and when it ran in the shadow. */
import type { PolicySettings } from '../policies/controls/control.js';
import { DEFAULT_POLICY } from '../policies/registry.js';
import { rolloutAt } from '../policies/controls/rollout.js';
import type { ControlEvent } from '../topics.js';

export interface RolloutStep {
  /** null: so it was from the start. */
  readonly control: ControlEvent | null;
  /** From then on, of all users, 0 to 100. */
  readonly livePercent: number;
  readonly shadow: boolean;
}

/** What options say is not in the topic, and only the shadow is looked at here. */
const NO_SHADOW: PolicySettings = { epsilon: 0, salt: '', shadow: null, shadowLearning: false };

/** What changed for the policy, or was said of it. `history` newest first, as `historyOf` gives it; the steps too. */
export function rolloutOf(history: readonly ControlEvent[], policy: string): RolloutStep[] {
  const controls = history.toReversed();
  const after = (count: number): Omit<RolloutStep, 'control'> => {
    const { shares, settings } = rolloutAt(controls.slice(0, count), Infinity, DEFAULT_POLICY, NO_SHADOW);
    return {
      livePercent: shares.filter((share) => share.policy === policy).reduce((sum, { percent }) => sum + percent, 0),
      shadow: settings.shadow === policy,
    };
  };
  let before = after(0);
  const steps: RolloutStep[] = before.livePercent === 0 ? [] : [{ control: null, ...before }];
  for (const [i, control] of controls.entries()) {
    const now = after(i + 1);
    if (control.policy === policy || now.livePercent !== before.livePercent || now.shadow !== before.shadow)
      steps.push({ control, ...now });
    before = now;
  }
  return steps.reverse();
}
