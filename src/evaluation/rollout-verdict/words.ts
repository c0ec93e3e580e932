/** Why a look at a rollout says nothing, in words that the guardrail and the verdict share. Sentences without their full stops. */
import type { Comparison } from '../rollouts/comparison.js';
import type { SampleRatio } from '../rollouts/sample-ratio.js';
import { ROLLOUT_THRESHOLDS } from '../rollouts/thresholds.js';

export function nobodyHeldOut(policy: string): string {
  return `${policy} is live for everybody and no user is held out: nothing is comparable, so it cannot tell`;
}

/** null: there are enough users to decide by. */
export function whyUndecided({ undecided, smallerArm: { users, effectiveUsers } }: Comparison): string | null {
  const { min_users: least, min_effective_users: leastEffective } = ROLLOUT_THRESHOLDS;
  switch (undecided) {
    case 'nothing_comparable':
      return 'no user has a decision to compare';
    case 'too_few_users':
      return `the smaller arm has about ${Math.round(users)} users with a decision, and ${least} are needed`;
    case 'too_few_effective_users':
      return (
        `the users of the smaller arm count as ${effectiveUsers.toFixed(1)}, as few of them make most decisions, and ` +
        `${leastEffective} are needed`
      );
    case null:
      return null;
  }
}

/** null: nothing speaks against the arms being comparable. */
export function whyNotComparable({ misplaced, returned, arrived }: SampleRatio): string | null {
  if (misplaced > 0)
    return misplaced === 1
      ? '1 decision was made by another policy than the rollout gives to its user'
      : `${misplaced} decisions were made by another policy than the rollout gives to their users`;
  if (returned.differ) return 'other shares of the users came back in the two arms than chance explains: users or decisions may be lost';
  if (arrived.differ) return 'the two arms have other numbers of users than chance explains: users or decisions may be lost';
  return null;
}

/** null: users of both arms come as often, as far as can be told. */
export function whyNotAllOfIt({ decisionsPerUser: { treated, control, differ } }: SampleRatio): string | null {
  if (!differ) return null;
  return (
    `users of the two arms make other numbers of decisions, ${treated.toFixed(1)} and ${control.toFixed(1)} each, than chance explains: ` +
    'reward per decision is then not all that the policy changes'
  );
}
