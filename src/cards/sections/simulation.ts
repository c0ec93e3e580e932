import type { CardSimulation } from '../documents.js';
import { estimated, table } from '../markdown.js';

/** `policy`'s place among all that were simulated. */
export function simulationSection(policy: string, { decisions, users, days, seed, policies, comparisons }: CardSimulation): string {
  const own = comparisons.find((one) => one.policy === policy && one.persona === 'all');
  return [
    `${decisions} decisions of ${users} simulated users over ${days} days, seed ${seed}; 95% intervals over users.`,
    table(
      ['policy', 'reward per decision', 'regret per decision'],
      policies.map((one) => [one.policy === policy ? `**${policy}**` : one.policy, estimated(one.reward), estimated(one.regret)]),
    ),
    ...(policies.some((one) => one.policy === policy) ? [] : [`${policy} did not take part.`]),
    ...(own === undefined ? [] : [`Against ${own.against} on the same decisions: ${estimated(own)}.`]),
  ].join('\n\n');
}
