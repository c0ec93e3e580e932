/** Whether a promoted policy earns surely less than the one before it: looked at while decisions come in, so by confidence sequences. */
import { ConfidenceSequence, type Interval } from './confidence.js';

export interface GuardrailVerdict {
  readonly worse: boolean;
  /** Mean reward of each, with confidence 1 - alpha together. */
  readonly promoted: Interval & { readonly n: number };
  readonly former: Interval & { readonly n: number };
}

/** Rewards lie in [0, 1] and come in the order of their decisions. */
export function compareLive(promoted: Iterable<number>, former: Iterable<number>, alpha: number): GuardrailVerdict {
  const [of, before] = [sequenceOf(promoted, alpha / 2), sequenceOf(former, alpha / 2)];
  return { worse: of.high < before.low, promoted: of, former: before };
}

function sequenceOf(rewards: Iterable<number>, alpha: number): Interval & { readonly n: number } {
  const sequence = new ConfidenceSequence({ min: 0, max: 1 }, alpha);
  for (const reward of rewards) sequence.add(reward);
  return { ...sequence.interval, n: sequence.n };
}
