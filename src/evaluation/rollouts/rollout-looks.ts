/** The looks of one rollout as policy.control tells it, over all its epochs. */
import type { RolloutHistory } from '../../policies/controls/rollout-history.js';
import { epochsOf, type Epoch, type Step } from './epochs.js';
import { HORIZON_MS, looksOf, type Look } from './looks.js';

export interface PlannedLook {
  readonly epoch: Epoch;
  readonly look: Look;
}

/** Each percentage that it had, until nobody was covered any more. */
export function rolloutEpochs({ id, steps }: RolloutHistory, alpha: number): Epoch[] {
  const changes: Step[] = [];
  for (const { atMs, percent } of steps) if (percent !== changes.at(-1)?.percent) changes.push({ atMs, percent });
  const epochs = epochsOf(id, changes, alpha);
  return epochs.at(-1)!.everybody.percent === 0 ? epochs.slice(0, -1) : epochs;
}

/** Nobody is left to compare the treated with. */
export function isIncomparable(epochs: readonly Epoch[]): boolean {
  const split = epochs.at(-1)?.everybody;
  return split === undefined || split.controlFromPercent >= 100;
}

/** In the order in which they are to be taken: all whose time stream time has passed. `watermarkMs`: stream time, Unix ms. */
export function dueLooks(epochs: readonly Epoch[], watermarkMs: number): PlannedLook[] {
  return epochs.flatMap((epoch) =>
    looks(epochs, epoch, Math.min(watermarkMs, epoch.endMs ?? Infinity))
      .filter(({ dueAtMs }) => dueAtMs <= watermarkMs)
      .map((look) => ({ epoch, look })),
  );
}

/** The first look that is not due yet; null: the rollout is over before it. */
export function nextLook(epochs: readonly Epoch[], watermarkMs: number): Look | null {
  const epoch = epochs.at(-1);
  if (epoch === undefined) return null;
  // Looks are twice as far from the start each time, so one comes within this.
  const untilMs = 2 * Math.max(watermarkMs, epoch.startMs) - epoch.startMs + HORIZON_MS;
  return looks(epochs, epoch, Math.min(untilMs, epoch.endMs ?? Infinity)).find(({ dueAtMs }) => dueAtMs > watermarkMs) ?? null;
}

function looks([first]: readonly Epoch[], { startMs }: Epoch, untilMs: number): Look[] {
  return looksOf({ rolloutStartMs: first!.startMs, startMs, untilMs });
}
