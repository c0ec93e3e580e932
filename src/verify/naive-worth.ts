/** What reactions are worth, the obvious way: every setting in effect laid over the one before. */
import type { ControlEvent } from '../topics.js';
import { byCodePoint } from './naive-profile.js';

export interface NaiveWorth {
  readonly done: number;
  readonly dismiss: number;
  readonly snooze: number;
  /** Reactions count for so long after the serving. */
  readonly windowMs: number;
}

/** A configure that sets rewards, with what it says. */
export interface WorthSetting {
  readonly controlId: string;
  /** In policy.control, of the partition. */
  readonly offset: number;
  readonly effectiveAtMs: number;
  readonly says: Partial<NaiveWorth>;
}

export function worthSettings(controls: Iterable<{ readonly event: ControlEvent; readonly offset: number }>): WorthSetting[] {
  return [...controls].flatMap(({ event, offset }) => {
    const rewards = event.type === 'configure' ? event.settings?.rewards : undefined;
    if (rewards == null) return [];
    const { window_ms: windowMs, ...values } = rewards;
    const said = Object.entries({ ...values, windowMs }).filter(([, value]) => value != null);
    return [{ controlId: event.control_id, offset, effectiveAtMs: event.effective_at_ms, says: Object.fromEntries(said) }];
  });
}

/** For decisions requested then: by (effective_at_ms, control_id). */
export function naiveWorthAt(settings: readonly WorthSetting[], requestedAtMs: number): NaiveWorth {
  const inEffect = settings.filter(({ effectiveAtMs }) => effectiveAtMs <= requestedAtMs);
  inEffect.sort((a, b) => a.effectiveAtMs - b.effectiveAtMs || byCodePoint(a.controlId, b.controlId));
  const said: NaiveWorth = Object.assign({ done: 1, dismiss: 0, snooze: 0, windowMs: 604_800_000 }, ...inEffect.map(({ says }) => says));
  const rounded = (value: number) => Math.floor(value * 256 + 0.5) / 256 || 0;
  return { ...said, done: rounded(said.done), dismiss: rounded(said.dismiss), snooze: rounded(said.snooze) };
}
