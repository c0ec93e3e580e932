/**
 * Every rollout that there has been, with the percentages of the users that it covered: what a comparison of its two arms needs to know
 * of policy.control.
 */
import type { ControlEvent } from '../../topics.js';
import { controlsInEffect } from './control.js';
import { standingRollouts, type StandingRollout } from './rollout.js';

/** From a time on, so many percent of the users are covered; 0: nobody is any more. */
export interface RolloutStep {
  /** Unix ms. */
  readonly atMs: number;
  readonly percent: number;
  /** control_id of the promotes that stand then, oldest first. */
  readonly promotes: readonly string[];
}

export interface RolloutHistory {
  /** control_id of its first promote. */
  readonly id: string;
  readonly policy: string;
  /** As of StandingRollout. */
  readonly split: string | null;
  /** Oldest first; the first covers somebody. */
  readonly steps: readonly [RolloutStep, ...RolloutStep[]];
}

type Open = Omit<RolloutHistory, 'steps'> & { readonly steps: [RolloutStep, ...RolloutStep[]] };

/** Up to `atMs`, in the order of their first steps. `controls` as for `controlsInEffect`. */
export function rolloutHistory(controls: Iterable<ControlEvent>, atMs: number): RolloutHistory[] {
  const all = controlsInEffect(controls, atMs);
  const times = new Set(all.filter(({ type }) => type === 'promote' || type === 'rollback').map(({ effective_at_ms: ms }) => ms));
  const found: Open[] = [];
  const open = new Map<string, Open>();
  for (const timeMs of times) {
    const standing = new Map(standingRollouts(all, timeMs).map((one) => [keyOf(one), one]));
    for (const key of new Set([...open.keys(), ...standing.keys()])) {
      const now = standing.get(key);
      const step = { atMs: timeMs, percent: now?.reach ?? 0, promotes: now?.promotes.map(({ control_id: id }) => id) ?? [] };
      const known = open.get(key);
      if (known === undefined) {
        if (now === undefined || step.percent === 0) continue;
        const rollout: Open = { id: now.split ?? step.promotes[0]!, policy: now.policy, split: now.split, steps: [step] };
        open.set(key, rollout);
        found.push(rollout);
        continue;
      }
      const last = known.steps.at(-1)!;
      if (last.percent !== step.percent || last.promotes.join('\n') !== step.promotes.join('\n')) known.steps.push(step);
      if (step.percent === 0) open.delete(key);
    }
  }
  return found;
}

function keyOf({ policy, split }: StandingRollout): string {
  return JSON.stringify([policy, split]);
}
