/** A policy's card in Markdown: what goes in, what it was tried on, whom it treats how, and when it was live. The same facts give the same bytes. */
import type { LoggedEvaluation } from '../analysts/evaluate/evaluate-logged.js';
import { INPUTS } from '../policies/inputs.js';
import type { PolicyDefinition } from '../policies/policy.js';
import { policyHash } from '../policies/policy-hash.js';
import type { SimulationResult } from '../simulation/simulate.js';
import type { ControlEvent } from '../topics.js';

export interface CardFacts {
  readonly policy: PolicyDefinition;
  /** undefined: the card says that there is none. */
  readonly simulation?: SimulationResult | undefined;
  readonly evaluation?: LoggedEvaluation | undefined;
  /** Newest first; undefined: not asked. */
  readonly history?: readonly ControlEvent[] | undefined;
}

export function modelCard({ policy, simulation, evaluation, history }: CardFacts): string {
  return [
    `# ${policy.name}`,
    `<!-- Made by \`tipstream policies card ${policy.name}\`. policy_hash: ${policyHash(policy)} -->`,
    `| | |\n|---|---|\n| policy_hash | ${policyHash(policy)} |\n| state version | ${policy.stateVersion} |\n| D | ${policy.dimension} |\n| exploration | ${exploration(policy)} |\n| hyperparameters | ${Object.entries(policy.hyperparameters).map(([name, value]) => `${name} ${value}`).join(', ')} |`,
    '## Inputs',
    table(['entry', 'from', 'normalised'], policy.featureNames.map((name) => [name, INPUTS[name]!.from, INPUTS[name]!.normalised])),
    'Trained online, user by user, on the decisions that it made itself and that have a reward: 1 for a done within 7 days of the serving, 0 for a dismiss or snooze. Nothing is shared between users.',
    '## Simulation', simulationSection(policy, simulation),
    '## Evaluation on logged decisions', evaluationSection(evaluation),
    '## Fairness', fairnessSection(policy, simulation, evaluation),
    '## Rollout', rolloutSection(policy, history),
    '## Limits', 'A linear model: entries that are the same for all candidates of a decision never change which one is highest. A reward that never comes teaches nothing. What was learned of a user is not forgotten when the user changes, except by a reset.',
  ].join('\n\n') + '\n';
}

/** The policy_hash that a card was made for; undefined for a text that is no card. */
export function hashOfCard(text: string): string | undefined {
  return /policy_hash: ([0-9a-f]{16}) -->/.exec(text)?.[1];
}

function exploration({ fixedEpsilon, optimism }: PolicyDefinition): string {
  if (optimism > 0) return `by optimism, alpha ${optimism}; epsilon ${fixedEpsilon ?? 'as configured'}`;
  return fixedEpsilon === null ? 'epsilon as configured, 0.1 unless set' : `epsilon ${fixedEpsilon}`;
}

function simulationSection({ name }: PolicyDefinition, simulation: SimulationResult | undefined): string {
  if (simulation === undefined) return 'None was given.';
  const { decisions, users, days, seed, policies, comparisons } = simulation;
  const rows = policies.map(({ policy, reward, regret }) => [policy === name ? `**${policy}**` : policy, span(reward), span(regret)]);
  const own = comparisons.find(({ policy, persona }) => policy === name && persona === 'all');
  return [
    `${decisions} decisions of ${users} simulated users over ${days} days, seed ${seed}; 95% intervals over users.`,
    table(['policy', 'reward per decision', 'regret per decision'], rows),
    ...(own === undefined ? [] : [`Against ${own.against} on the same decisions: ${span(own)}.`]),
  ].join('\n\n');
}

function evaluationSection(evaluation: LoggedEvaluation | undefined): string {
  if (evaluation === undefined) return 'None was given.';
  const { n, decisions, missing_share, ips, snips, doubly_robust, ess, max_weight, difference, verdict, reasons, positions } = evaluation;
  return [
    `${decisions} decisions, ${n} of them with a reward (${(100 * missing_share).toFixed(1)}% have none).`,
    table(['IPS', 'SNIPS', 'doubly robust', 'effective sample', 'largest weight', 'new - logged (confidence sequence)'], [[shown(ips), shown(snips), shown(doubly_robust), shown(ess), shown(max_weight), `${shown(difference.confidence_sequence.low)} to ${shown(difference.confidence_sequence.high)}`]]),
    `Verdict: **${verdict}**. ${reasons.join('; ')}.`,
    `Read up to: ${Object.entries(positions).map(([topic, offsets]) => `${topic} ${Object.entries(offsets).map(([partition, next]) => `${partition}:${next}`).join(' ')}`).join('; ')}.`,
  ].join('\n\n');
}

function fairnessSection({ name }: PolicyDefinition, simulation: SimulationResult | undefined, evaluation: LoggedEvaluation | undefined): string {
  const parts: string[] = [];
  if (simulation !== undefined) {
    const against = simulation.comparisons.filter(({ policy, persona }) => policy === name && persona !== 'all');
    parts.push('By simulated persona:', table(['persona', 'reward', 'regret', `difference to ${simulation.policies[0]!.policy}`], simulation.personas.map(({ persona, policies }) => {
      const own = policies.find(({ policy }) => policy === name);
      const difference = against.find((one) => one.persona === persona);
      return [persona, own === undefined ? '-' : span(own.reward), own === undefined ? '-' : span(own.regret), difference === undefined ? '-' : span(difference)];
    })));
  }
  if (evaluation !== undefined && evaluation.segments.length > 0) {
    parts.push('By segment of the logged decisions:', table(['dimension', 'segment', 'n', 'difference', 'interval', ''], evaluation.segments.map((one) =>
      [one.dimension, one.segment, String(one.n), shown(one.difference), `${shown(one.low)} to ${shown(one.high)}`, one.harmed ? 'harmed' : one.judged ? '' : 'too few'])));
  }
  return parts.length === 0 ? 'Nothing was given to judge it by.' : parts.join('\n\n');
}

function rolloutSection({ name }: PolicyDefinition, history: readonly ControlEvent[] | undefined): string {
  if (history === undefined) return 'policy.control was not asked.';
  const own = history.filter(({ type, policy, settings }) => policy === name || settings?.shadow === name || type === 'rollback');
  if (own.length === 0) return 'policy.control does not name it.';
  return table(['effective at', 'what', 'percent', 'reason'], own.map(({ effective_at_ms: at, type, percent, settings, reason }) =>
    [new Date(at).toISOString(), settings?.shadow === name ? 'shadow' : type, percent == null ? '' : String(percent), (reason ?? '').replaceAll('|', '/').replaceAll('\n', ' ')]));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function span({ mean, low, high }: { readonly mean: number; readonly low: number; readonly high: number }): string {
  return `${mean.toFixed(4)} (${low.toFixed(4)} to ${high.toFixed(4)})`;
}

function shown(value: number | null): string {
  return value === null ? '-' : String(Number(value.toPrecision(4)));
}
