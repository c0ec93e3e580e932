/**
 * Profiles the obvious way, from lists of events and a time, for `verify` to compare with. It shares nothing with the fold, and is
 * written to be checked by reading it beside the definitions: no kept rows, no counters that move, no intervals, no index. It is given
 * all events of a user.
 */
import type { EventKind, ReplayedEvent } from './replayed.js';

const DAY = 86_400_000;
const WINDOW = 30 * DAY;

export type NaiveValue = number | string | null;

/** Feature -> the hash of the definition that naiveProfile, or what it names, implements. Whoever changes one changes the other. */
export const NAIVE_DEFINITIONS: Readonly<Record<string, string>> = {
  completion_rate_30d: 'f4c7f3ac0dd04c52',
  dismiss_rate_30d: '690e686ff17d1a4a',
  mean_dwell_ms_30d: 'ad3e8528eefc51d3',
  preferred_category: 'b29d4d21af5be6ad',
  preferred_hour: '2b2517cd50fbb7e7',
  preferred_weekday: 'a6643a33c2db9465',
  snooze_rate_30d: 'b132ca07af0ecc96',
  tip_volume_30d: '4ccba54312b02b83',
  // Of activity/naive-activity.ts:
  active_days_30d: 'bf950f1c7be70f84',
  active_hour: '4416507d357fe81f',
  sessions_30d: '2c6646eae1e0dd2a',
  signal_age_ms: 'fa9fec35e953824b',
  signal_age_ms_by_source: '0e6d0d6baf8a86e4',
  typical_session_ms: '3caa5a290fd5bb26',
};

/** What is true of one tip, from those of its events that count: the earliest of each kind, and the fields of the earliest. */
export interface NaiveTip {
  readonly tipId: string;
  readonly served: number | null;
  readonly category: string | null;
  readonly done: number | null;
  readonly doneOffset: number | null;
  readonly dismiss: number | null;
  readonly snooze: number | null;
}

/** The four kinds, in the order of a tip's columns. */
export const KINDS: readonly EventKind[] = ['served', 'done', 'dismiss', 'snooze'];

export function naiveTip(tipId: string, events: readonly ReplayedEvent[]): NaiveTip {
  const first = (kind: EventKind): number | null => {
    let earliest: number | null = null;
    for (const event of events) if (event.kind === kind && (earliest === null || event.atMs < earliest)) earliest = event.atMs;
    return earliest;
  };
  const served = first('served');
  const done = first('done');
  let category: string | null = null;
  let doneOffset: number | null = null;
  for (const event of events) {
    if (
      event.kind === 'served' &&
      event.atMs === served &&
      event.category !== null &&
      (category === null || byCodePoint(event.category, category) < 0)
    )
      category = event.category;
    if (event.kind === 'done' && event.atMs === done && event.offsetMin !== null && (doneOffset === null || event.offsetMin < doneOffset))
      doneOffset = event.offsetMin;
  }
  return { tipId, served, category, done, doneOffset, dismiss: first('dismiss'), snooze: first('snooze') };
}

/** A user's tips as of a time: only events with a time before it exist. */
export function naiveTipsAsOf(tips: ReadonlyMap<string, readonly ReplayedEvent[]>, asOfMs: number): NaiveTip[] {
  return [...tips].map(([tipId, events]) =>
    naiveTip(
      tipId,
      events.filter((event) => event.atMs < asOfMs),
    ),
  );
}

export interface NaiveProfile {
  /** Whether any of the four times of any tip lies in the window. */
  readonly known: boolean;
  readonly features: Readonly<Record<string, NaiveValue>>;
  /** How often each thing was counted, under the names that state files keep counts by; what was never counted is absent. */
  readonly counts: ReadonlyMap<string, number>;
}

/** `tips` as of `asOfMs`, from naiveTipsAsOf. */
export function naiveProfile(tips: readonly NaiveTip[], asOfMs: number): NaiveProfile {
  const inWindow = (time: number | null): time is number => time !== null && time < asOfMs && asOfMs - time <= WINDOW;
  const timesInWindow = tips.flatMap((tip) => [tip.served, tip.done, tip.dismiss, tip.snooze]).filter(inWindow);
  const volume = tips.filter((tip) => inWindow(tip.served));
  const withDone = volume.filter((tip) => tip.done !== null);
  const withDismiss = volume.filter((tip) => tip.dismiss !== null);
  const withSnooze = volume.filter((tip) => tip.snooze !== null);
  const dwells: number[] = [];
  for (const tip of volume) {
    const reactions = [tip.done, tip.dismiss, tip.snooze].filter((time) => time !== null);
    const reacted = Math.min(...reactions);
    if (reactions.length > 0 && reacted >= tip.served!) dwells.push(reacted - tip.served!);
  }
  const dwelt = dwells.reduce((sum, dwell) => sum + dwell, 0);
  const local = tips.filter((tip) => inWindow(tip.done)).map((tip) => new Date(tip.done! + (tip.doneOffset ?? 0) * 60_000));
  const hours = countOf(local.map((date) => date.getUTCHours()));
  const weekdays = countOf(local.map((date) => (date.getUTCDay() + 6) % 7));
  const categories = countOf(withDone.map((tip) => tip.category).filter((category) => category !== null));
  const share = (some: readonly NaiveTip[]) => (volume.length === 0 ? null : some.length / volume.length);

  const counts = new Map<string, number>();
  const counted = (name: string, count: number) => void (count === 0 || counts.set(name, count));
  counted('known', timesInWindow.length);
  counted('served', volume.length);
  counted('done', withDone.length);
  counted('dismiss', withDismiss.length);
  counted('snooze', withSnooze.length);
  counted('dwell:tips', dwells.length);
  counted('dwell:sum_ms', dwelt);
  for (const [hour, count] of hours) counted(`done_hour:${hour}`, count);
  for (const [weekday, count] of weekdays) counted(`done_weekday:${weekday}`, count);
  for (const [category, count] of categories) counted(`done_category:${category}`, count);

  return {
    known: timesInWindow.length > 0,
    features: {
      completion_rate_30d: share(withDone),
      dismiss_rate_30d: share(withDismiss),
      mean_dwell_ms_30d: dwells.length === 0 ? null : dwelt / dwells.length,
      preferred_category: mostFrequent(categories, byCodePoint),
      preferred_hour: mostFrequent(hours, (a, b) => a - b),
      preferred_weekday: mostFrequent(weekdays, (a, b) => a - b),
      snooze_rate_30d: share(withSnooze),
      tip_volume_30d: volume.length,
    },
    counts,
  };
}

/** The kinds of events that a feature or a count is made of, to show where a difference may come from. */
export function kindsBehind(name: string): readonly EventKind[] {
  if (name === 'tip_volume_30d' || name === 'served') return ['served'];
  if (
    name.startsWith('preferred_hour') ||
    name.startsWith('preferred_weekday') ||
    name.startsWith('done_hour') ||
    name.startsWith('done_weekday')
  )
    return ['done'];
  if (name.startsWith('completion') || name.startsWith('preferred_category') || name.startsWith('done')) return ['served', 'done'];
  if (name.startsWith('dismiss')) return ['served', 'dismiss'];
  if (name.startsWith('snooze')) return ['served', 'snooze'];
  return KINDS;
}

function countOf<T>(items: readonly T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

function mostFrequent<T extends number | string>(counts: ReadonlyMap<T, number>, order: (a: T, b: T) => number): T | null {
  let most = 0;
  for (const count of counts.values()) most = Math.max(most, count);
  return (
    [...counts]
      .filter(([, count]) => count === most)
      .map(([item]) => item)
      .sort(order)[0] ?? null
  );
}

/** Order by code point, lone surrogates included. */
export function byCodePoint(a: string, b: string): number {
  const left = Array.from(a, (character) => character.codePointAt(0)!);
  const right = Array.from(b, (character) => character.codePointAt(0)!);
  for (let i = 0; i < left.length && i < right.length; i++) if (left[i] !== right[i]) return left[i]! - right[i]!;
  return left.length - right.length;
}
