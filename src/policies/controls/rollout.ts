/** What policy.control comes to at a time: who is live for which share of the users, what runs in the shadow, and how it came to be so. */
import { compareCodePoints } from '../../events/strings.js';
import type { ControlEvent } from '../../topics.js';
import { controlsInEffect, settingsAt, type PolicySettings } from './control.js';
import { effectsOf, standingPromotes, type ControlEffect } from './promotes.js';

export interface Share {
  readonly policy: string;
  /** Of the users, 0 to 100, after those of the shares before. */
  readonly percent: number;
  /** The promote behind it; null for the policy that is live from the start. */
  readonly controlId: string | null;
  readonly effectiveAtMs: number | null;
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
  let covered = 0;
  for (const { policy, percent, control_id: controlId, effective_at_ms: effectiveAtMs } of standingPromotes(
    controlsInEffect(all, atMs),
  ).reverse()) {
    // A user's place in [0, 100) is the same for every promote, so a later one takes from the earlier ones.
    const reach = percent ?? 100;
    if (reach <= covered) continue;
    shares.push({ policy: policy!, percent: reach - covered, controlId, effectiveAtMs });
    covered = reach;
  }
  if (covered < 100) shares.push({ policy: defaultPolicy, percent: 100 - covered, controlId: null, effectiveAtMs: null });
  return { shares, settings: settingsAt(all, atMs, base) };
}
