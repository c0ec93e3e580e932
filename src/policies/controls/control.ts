/**
 * What policy.control says at a given time: which policy is live for a user, which settings hold, since when a user's state counts.
 *
 * A control holds from its effective_at_ms, which is compared with the requested_at_ms of the decision, never with a clock: a replay
 * finds the same answer. Controls may be given in any order and more than once; (effective_at_ms, control_id) orders them.
 */
import { compareCodePoints } from '../../events/strings.js';
import type { ControlEvent } from '../../topics.js';
import { covers } from '../placement.js';
import { standingPromotes } from './promotes.js';

/** What `configure` changes, and the process's options say at first. */
export interface PolicySettings {
  /** Share of the probability spread over all candidates; where it decays, the largest. */
  readonly epsilon: number;
  /** With `epsilonDecay`, what epsilon does not fall below; absent: 0. */
  readonly epsilonMin?: number | undefined;
  /** Epsilon falls as this / a user's updates (see exploration.ts); absent or 0: it does not. */
  readonly epsilonDecay?: number | undefined;
  readonly salt: string;
  /** The shadow policy's name; null when there is none. */
  readonly shadow: string | null;
  /** Whether the shadow learns from what was served. */
  readonly shadowLearning: boolean;
}

/** In a configure's settings, `shadow: "off"` turns the shadow off. */
export const SHADOW_OFF = 'off';

function compareControls(a: ControlEvent, b: ControlEvent): number {
  return a.effective_at_ms - b.effective_at_ms || compareCodePoints(a.control_id, b.control_id);
}

/** The controls that hold at `requestedAtMs`, oldest first, each control_id once. */
export function controlsInEffect(controls: Iterable<ControlEvent>, requestedAtMs: number): ControlEvent[] {
  const byId = new Map<string, ControlEvent>();
  for (const control of controls) {
    if (control.effective_at_ms > requestedAtMs) continue;
    const known = byId.get(control.control_id);
    if (known === undefined || compareCopies(control, known) < 0) byId.set(control.control_id, control);
  }
  return [...byId.values()].sort(compareControls);
}

/** Copies of a control are equal; should a producer have reused an id, the choice between the two must not depend on order. */
function compareCopies(a: ControlEvent, b: ControlEvent): number {
  return compareControls(a, b) || (a === b ? 0 : compareCodePoints(JSON.stringify(a), JSON.stringify(b)));
}

/**
 * Name of the live policy for a user's decision: the last standing promote that covers the user, else `defaultPolicy`. Names are not
 * checked here: an event with an unknown one is refused at the edge.
 */
export function liveAt(controls: Iterable<ControlEvent>, requestedAtMs: number, userId: string, defaultPolicy: string): string {
  const promotes = standingPromotes(controlsInEffect(controls, requestedAtMs));
  return promotes.findLast((promote) => covers(promote, userId))?.policy ?? defaultPolicy;
}

/** `base` with every configure in effect merged over it, oldest first; an absent setting leaves what was there. */
export function settingsAt(controls: Iterable<ControlEvent>, requestedAtMs: number, base: PolicySettings): PolicySettings {
  let settings = base;
  for (const control of controlsInEffect(controls, requestedAtMs)) {
    if (control.type !== 'configure' || control.settings == null) continue;
    const { epsilon, epsilon_min, epsilon_decay, salt, shadow, shadow_learning } = control.settings;
    settings = {
      epsilon: epsilon ?? settings.epsilon,
      epsilonMin: epsilon_min ?? settings.epsilonMin,
      epsilonDecay: epsilon_decay ?? settings.epsilonDecay,
      salt: salt ?? settings.salt,
      shadow: shadow == null ? settings.shadow : shadow === SHADOW_OFF ? null : shadow,
      shadowLearning: shadow_learning ?? settings.shadowLearning,
    };
  }
  return settings;
}

/** Settings as documents show them. */
export interface SettingsDocument {
  readonly epsilon: number;
  /** null: epsilon does not decay. */
  readonly epsilon_min: number | null;
  readonly epsilon_decay: number | null;
  readonly salt: string;
  readonly shadow: string | null;
  readonly shadow_learning: boolean;
}

export function settingsDocument(settings: PolicySettings): SettingsDocument {
  const { epsilon, salt, shadow, shadowLearning } = settings;
  const decay = decays(settings) ? { epsilon_min: settings.epsilonMin ?? 0, epsilon_decay: settings.epsilonDecay! } : NO_DECAY;
  return { epsilon, ...decay, salt, shadow, shadow_learning: shadowLearning };
}

const NO_DECAY = { epsilon_min: null, epsilon_decay: null };

export function decays({ epsilonDecay }: Pick<PolicySettings, 'epsilonDecay'>): boolean {
  return (epsilonDecay ?? 0) > 0;
}

/**
 * effective_at_ms of the newest of a user's resets that holds at `requestedAtMs`: decisions requested at it or later count; null when
 * none does. Other controls are passed over.
 */
export function resetAt(resets: Iterable<Pick<ControlEvent, 'type' | 'effective_at_ms'>>, requestedAtMs: number): number | null {
  let newest: number | null = null;
  for (const { type, effective_at_ms } of resets) {
    if (type === 'reset' && effective_at_ms <= requestedAtMs && (newest === null || effective_at_ms > newest)) newest = effective_at_ms;
  }
  return newest;
}
