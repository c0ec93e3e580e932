/** What `promote` says of the users whom chance places in the rollout, and of the harm that would show. */
import type { RolloutPreview } from '../../../analysts/rollout-preview.js';
import type { RolloutHistory } from '../../../policies/controls/rollout-history.js';
import { splitOf } from '../../../policies/placement.js';
import { ROLLOUT_THRESHOLDS } from '../../../evaluation/rollouts/thresholds.js';
import type { ControlEvent } from '../../../topics.js';

const DAY_MS = 86_400_000;

export function placedAs(promote: ControlEvent): Pick<RolloutHistory, 'id' | 'split'> {
  return { id: promote.rollout_id ?? promote.control_id, split: splitOf(promote) };
}

export function expectedDocument({ treated, control, harm, withinMs, ...rest }: RolloutPreview) {
  return { treated, control, harm, within_ms: withinMs, guardrail: rest.undecided === null ? 'acts' : rest.undecided };
}

/** Lines; `expected` undefined: there is no state. */
export function sayExpected(expected: RolloutPreview | undefined, percent: number): string {
  const nobody = 'nobody is left to compare with: the guardrail cannot tell whether it does harm, and does nothing\n';
  if (expected === undefined)
    return percent === 100
      ? nobody
      : 'no state here says how many users there are: with fewer than 20 in an arm the guardrail does nothing\n';
  const { treated, control, harm, undecided, withinMs, smallerArm } = expected;
  const arms = `${treated + control} users had a decision in the 14 days before: ${treated} are in the rollout, ${control} are not\n`;
  if (percent === 100) return arms + nobody;
  if (undecided === 'too_few_effective_users') return `${arms}few users make most decisions: the guardrail does not act\n`;
  if (harm === null)
    return (
      `${arms}the smaller arm would have about ${Math.round(smallerArm.users)} users with a decision, and the guardrail acts from ` +
      `${ROLLOUT_THRESHOLDS.min_users} on: it does not act\n`
    );
  return `${arms}the guardrail finds a loss of ${harm.toPrecision(2)} per decision in four of five rollouts within ${days(withinMs)}\n`;
}

function days(ms: number): string {
  return ms < DAY_MS ? `${(ms / 3_600_000).toFixed(1)} hours` : `${Number((ms / DAY_MS).toFixed(1))} days`;
}
