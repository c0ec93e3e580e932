/**
 * A policy that is better by so much, on decisions like these: what each decision would then say of it.
 *
 * What the new policy prefers is done more often than the rest, by as much as the gain takes; everything else is done as often as it was.
 * Where even that is not enough, what it avoids is done less often. So the largest gain there can be is the share of the choices that
 * change.
 */
import type { Share, ValueShares } from './value-shares.js';

/** Bins of (weight - 1) x reward: so many an octave above 0. */
const AN_OCTAVE = 4;
/** Below 0, where no bet depends on more than the mean. */
const BELOW = 3;

/** The largest gain, as a share of what rewards lie within: the total variation distance of the two policies. */
export function largestGain(values: ValueShares): number {
  return values.weights.reduce((sum, { value, share }) => sum + share * Math.max(0, value - 1), 0);
}

/** The values of (weight - 1) x reward with their shares, 0 among them; `gain`, a share of the range, is their mean if it is possible. */
export function valuesWithGain(values: ValueShares, gain: number): Share[] {
  const most = largestGain(values);
  const mean = values.meanReward;
  const preferredAlone = most * (1 - mean);
  const raised = preferredAlone > 0 ? Math.min(1, gain / preferredAlone) : 0;
  const lowered = most * mean > 0 ? Math.min(1, Math.max(0, gain - preferredAlone) / (most * mean)) : 0;
  const bins = new Map<number, { mass: number; sum: number }>();
  const put = (value: number, mass: number): void => {
    if (mass === 0) return;
    const key = value === 0 ? 0 : value > 0 ? 10_000 + Math.round(AN_OCTAVE * Math.log2(value)) : -1 - Math.floor(-value * BELOW);
    const bin = bins.get(key) ?? { mass: 0, sum: 0 };
    bins.set(key, { mass: bin.mass + mass, sum: bin.sum + value * mass });
  };
  for (const { value: weight, share } of values.weights) {
    if (weight > 1) put(weight - 1, share * raised);
    if (weight < 1) put(0, share * lowered);
    const rest = share * (weight > 1 ? 1 - raised : weight < 1 ? 1 - lowered : 1);
    for (const { value: reward, share: often } of values.rewards) put((weight - 1) * reward, rest * often);
  }
  return [...bins].sort(([a], [b]) => a - b).map(([, { mass, sum }]) => ({ value: sum / mass, share: mass }));
}
