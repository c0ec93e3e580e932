/** `--policies` of simulate: names, each with what it begins from and how it explores. */
import { UsageError } from '../../errors.js';
import { decays } from '../../policies/controls/control.js';
import { policyNamed } from '../../policies/registry.js';
import type { Contestant, Exploration } from '../../simulation/contestant.js';

/** NAME+prior: begins with what was learned from other users. */
const PRIOR = 'prior';
/** NAME+decay: explores as --epsilon-decay says, and those without it do not. */
const DECAY = 'decay';

export interface Contestants {
  readonly policies: readonly Contestant[];
  /** Of those that do not say otherwise. */
  readonly exploration: Exploration;
}

/**
 * `list`: names with commas between, each once. `configured`: exploration by the options. With `everyPrior`, where nobody in the list has
 * a prior, each learning policy stands there a second time with one. Throws UsageError and policy_not_found.
 */
export function contestantsNamed(list: string, configured: Exploration, everyPrior: boolean): Contestants {
  const names = [...new Set(list.split(',').map((name) => name.trim()))];
  const parsed = names.map(parse);
  if (parsed.some(({ decay }) => decay) && !decays(configured))
    throw new UsageError('a policy with +decay needs to know how fast epsilon decays', {
      hint: 'Give --epsilon-decay, for example --epsilon-decay 5 --epsilon-min 0.02.',
    });
  const constant: Exploration = { epsilon: configured.epsilon };
  const exploration = parsed.some(({ decay }) => decay) ? constant : configured;
  const policies = parsed.map(({ decay, ...rest }): Contestant => ({ ...rest, exploration: decay ? configured : exploration }));
  const twice = everyPrior && !policies.some(({ prior }) => prior);
  return {
    exploration,
    policies: twice
      ? policies.flatMap((one) => (canLearn(one) ? [one, { ...one, name: `${one.name}+${PRIOR}`, prior: true }] : [one]))
      : policies,
  };
}

function parse(text: string): Omit<Contestant, 'exploration'> & { readonly decay: boolean } {
  const [name, ...features] = text.split('+');
  const policy = policyNamed(name!);
  const unknown = features.find((feature) => feature !== PRIOR && feature !== DECAY);
  if (unknown !== undefined || new Set(features).size < features.length)
    throw new UsageError(`${JSON.stringify(text)} is none of ${name}, ${name}+${PRIOR}, ${name}+${DECAY} and ${name}+${PRIOR}+${DECAY}`);
  const [prior, decay] = [features.includes(PRIOR), features.includes(DECAY)];
  if (features.length > 0 && !canLearn({ policy }))
    throw new UsageError(`${text}: ${name} chooses at random, whatever was learned`, { hint: `Leave ${name} as it is.` });
  if (decay && policy.fixedEpsilon !== null) throw new UsageError(`${text}: ${name} explores in its own way, whatever epsilon is`);
  return { name: [name, ...(prior ? [PRIOR] : []), ...(decay ? [DECAY] : [])].join('+'), policy, prior, decay };
}

function canLearn({ policy }: Pick<Contestant, 'policy'>): boolean {
  return policy.fixedEpsilon !== 1;
}
