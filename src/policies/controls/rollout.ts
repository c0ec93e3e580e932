/** What policy.control comes to at a time: who is live for which share of the users, by which rollouts, and how it came to be so. */
import { compareCodePoints } from '../../events/strings.js';
import type { ControlEvent } from '../../topics.js';
import { controlsInEffect, settingsAt, type PolicySettings } from './control.js';
import { reachOf, splitOf } from '../placement.js';
import { effectsOf, standingPromotes, type ControlEffect } from './promotes.js';

export interface Share {
  readonly policy: string;
  /**
   * Of the users, 0 to 100, after those of the shares before. Two rollouts draw their users independently, so where more than one stands
   * it is what is to be expected of many users.
   */
  readonly percent: number;
  /** The promote behind it; null for the policy that is live from the start. */
  readonly controlId: string | null;
  readonly effectiveAtMs: number | null;
  /** The rollout that the promote belongs to; null of the policy that is live from the start, and of a promote that names none. */
  readonly rolloutId: string | null;
  /** Percent of the users whom a promote for all leaves with the policy before it; null of any other. */
  readonly holdout: number | null;
}

export interface Rollout {
  /** Newest promote first; the percentages add up to 100. */
  readonly shares: readonly Share[];
  readonly settings: PolicySettings;
}

/** A control, and, of a promote or a rollback, what it has come to. */
export type HistoricControl = ControlEvent & { readonly [Fact in keyof ControlEffect]?: ControlEffect[Fact] | undefined };

/** The controls that hold for everybody, each control_id once; later ones first by (effective_at_ms, control_id). */
export function historyOf(controls: Iterable<ControlEvent>): HistoricControl[] {
  const all = controlsInEffect(controls, Infinity);
  const effects = effectsOf(all);
  return all
    .map((control) => ({ ...control, ...effects.get(control.control_id) }))
    .sort((a, b) => b.effective_at_ms - a.effective_at_ms || compareCodePoints(b.control_id, a.control_id));
}

/** As `liveAt` decides user by user, for all users together. */
export function rolloutAt(controls: Iterable<ControlEvent>, atMs: number, defaultPolicy: string, base: PolicySettings): Rollout {
  const all = [...controls];
  const shares: Share[] = [];
  /** Split -> percent of the users that later promotes cover by it. */
  const covered = new Map<string | null, number>();
  for (const promote of standingPromotes(controlsInEffect(all, atMs)).reverse()) {
    const [split, reach] = [splitOf(promote), reachOf(promote)];
    // A user's place in a split is the same for all its promotes, so a later one takes from the earlier ones.
    const before = covered.get(split) ?? 0;
    if (reach <= before) continue;
    const percent = left(reach - before, covered, split);
    covered.set(split, reach);
    if (percent === 0) continue;
    shares.push({
      policy: promote.policy!,
      percent,
      controlId: promote.control_id,
      effectiveAtMs: promote.effective_at_ms,
      rolloutId: promote.rollout_id ?? null,
      holdout: (promote.percent ?? 100) < 100 ? null : (promote.holdout ?? 0),
    });
  }
  const rest = left(100, covered);
  if (rest > 0) shares.push({ policy: defaultPolicy, percent: rest, controlId: null, effectiveAtMs: null, rolloutId: null, holdout: null });
  return { shares, settings: settingsAt(all, atMs, base) };
}

/** Of so many percent of the users, those that no other split covers. */
function left(percent: number, covered: ReadonlyMap<string | null, number>, but?: string | null): number {
  const others = [...covered].filter(([split]) => split !== but).map(([, reach]) => reach);
  const exact = others.reduce((rest, reach) => (rest * (100 - reach)) / 100, percent);
  return others.length < (but === undefined ? 2 : 1) ? exact : Number(exact.toFixed(9));
}

/** Of one policy the promotes that raised its share step by step, with one split of the users. */
export interface StandingRollout {
  readonly policy: string;
  /** rollout_id of its promotes; null: they name none. */
  readonly split: string | null;
  /** Its promotes, oldest first. */
  readonly promotes: readonly [ControlEvent, ...ControlEvent[]];
  /** Percent of the users that it covers, 0 to 100. */
  readonly reach: number;
}

/** The one whose newest promote is newest first. */
export function standingRollouts(controls: Iterable<ControlEvent>, atMs: number): StandingRollout[] {
  const rollouts = new Map<string, StandingRollout>();
  for (const promote of standingPromotes(controlsInEffect(controls, atMs))) {
    const [policy, split] = [promote.policy!, splitOf(promote)];
    const key = JSON.stringify([policy, split]);
    const known = rollouts.get(key);
    rollouts.delete(key); // so that the newest is the last
    rollouts.set(
      key,
      known === undefined
        ? { policy, split, promotes: [promote], reach: reachOf(promote) }
        : { ...known, promotes: [...known.promotes, promote], reach: Math.max(known.reach, reachOf(promote)) },
    );
  }
  return [...rollouts.values()].reverse();
}
