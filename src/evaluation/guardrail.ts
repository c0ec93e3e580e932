/**
 * Whether the reward of a promoted policy is surely lower than before: looked at while decisions come in, so by confidence sequences.
 *
 * People dismiss within seconds and do things within days. Of a policy that is an hour old one knows mostly dismissals, of the one
 * before it everything; whoever compares what is known takes every promotion back. So decisions are compared at the same age: how many
 * of them were done by then, those without any reaction being not done. What comes later, at any age, changes nothing any more.
 */
import { ConfidenceSequence, type Interval } from './confidence.js';

const HOUR_MS = 3_600_000;

/** All are looked at, and share alpha. */
export const COMPARED_AGES_MS: readonly number[] = [HOUR_MS / 6, HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS, 72 * HOUR_MS];
/** Reactions take a while to arrive: a decision counts when it is twice as old as the age it is compared at, and at least this old. */
const LEAST_WAIT_MS = HOUR_MS;

/** A decision that was served. */
export interface LiveOutcome {
  readonly requestedAtMs: number;
  /** From the request to the done, ms; null: not done so far. */
  readonly doneAfterMs: number | null;
}

/** Share of decisions that were done by that age. */
export interface LiveReward extends Interval {
  readonly n: number;
}

export interface GuardrailVerdict {
  /** At which age they are compared, ms. */
  readonly ageMs: number;
  readonly worse: boolean;
  readonly promoted: LiveReward;
  readonly previous: LiveReward;
}

/** Both in the order of their requests; their intervals hold together at confidence 1 - alpha. */
export function compareAtAge(
  promoted: readonly LiveOutcome[],
  previous: readonly LiveOutcome[],
  ageMs: number,
  nowMs: number,
  alpha: number,
): GuardrailVerdict {
  const [of, before] = [rewardAt(promoted, ageMs, nowMs, alpha / 2), rewardAt(previous, ageMs, nowMs, alpha / 2)];
  return { ageMs, worse: of.high < before.low, promoted: of, previous: before };
}

/** The one that tells most: where it is worse, else at the greatest age that promoted decisions have reached, else the first. */
export function tellingVerdict(verdicts: readonly GuardrailVerdict[]): GuardrailVerdict {
  return verdicts.find(({ worse }) => worse) ?? verdicts.findLast(({ promoted }) => promoted.n > 0) ?? verdicts[0]!;
}

function rewardAt(outcomes: readonly LiveOutcome[], ageMs: number, nowMs: number, alpha: number): LiveReward {
  const sequence = new ConfidenceSequence({ min: 0, max: 1 }, alpha);
  const oldEnoughMs = nowMs - Math.max(2 * ageMs, LEAST_WAIT_MS);
  for (const { requestedAtMs, doneAfterMs } of outcomes)
    if (requestedAtMs <= oldEnoughMs) sequence.add(doneAfterMs !== null && doneAfterMs <= ageMs ? 1 : 0);
  return { ...sequence.interval, n: sequence.n };
}
