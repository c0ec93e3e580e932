/**
 * A user's profile, as readers get it, against the naive one; and the cached counts behind it at both ends of the interval for which
 * they claim to be exact. Counts that are wrong need not show in a feature today (an hour that leads anyway), and would tomorrow.
 */
import type { FeatureValues } from '../projections/feature.js';
import { addressesOf } from './compare-tips.js';
import { kindsBehind, naiveProfile, naiveTipsAsOf, type NaiveProfile } from './naive-profile.js';
import type { Provable } from './provable.js';
import type { ReplayedEvent, ReplayedUser } from './replayed.js';
import type { UserComparison } from './user-comparison.js';

/** After every time that an event can carry and every window: nothing can be asked there. */
export const LAST_MS = 253_402_300_800_000 + 30 * 86_400_000;
const WINDOW_MS = 30 * 86_400_000;

/** What readers get. */
export interface LiveProfile {
  readonly known: boolean;
  readonly features: FeatureValues;
}

export interface ProfileOptions {
  readonly asOfMs: number;
  readonly provable: Provable;
  /** Tips known to differ: they are the first to look at. */
  readonly differingTips: ReadonlySet<string>;
}

/** `live`: undefined when the state file has no such user. */
export function compareProfile({ user, stored, report }: UserComparison, live: LiveProfile | undefined, question: ProfileOptions): void {
  const { asOfMs, provable } = question;
  const cache = new Map<number, NaiveProfile>();
  const naiveAt = (time: number): NaiveProfile => {
    let profile = cache.get(time);
    if (profile === undefined) cache.set(time, (profile = naiveProfile(naiveTipsAsOf(user.tips, time), time)));
    return profile;
  };
  const behind = (name: string, time: number) => addressesOf(eventsBehind(user, name, time, question.differingTips));

  const replayed = naiveAt(asOfMs);
  const known = live?.known ?? false;
  if (known !== replayed.known)
    report({ kind: 'profile', feature: 'known', live: known, replayed: replayed.known, events: behind('known', asOfMs) });
  for (const [feature, value] of Object.entries(live?.features ?? {})) {
    if (!provable.features.has(feature) || !Object.hasOwn(replayed.features, feature)) continue;
    if (Object.is(value, replayed.features[feature])) continue;
    report({ kind: 'profile', feature, live: value, replayed: replayed.features[feature], events: behind(feature, asOfMs) });
  }
  if (stored === undefined) return;
  const { afterMs, untilMs } = stored;
  if (afterMs >= untilMs)
    return void report({ kind: 'user', feature: 'exact_until_ms', live: untilMs, replayed: `more than exact_after_ms, ${afterMs}` });
  const reported = new Set<string>();
  for (const time of new Set([afterMs + 1, Math.min(untilMs, Math.max(LAST_MS, afterMs + 1))])) {
    const { counts } = naiveAt(time);
    for (const name of new Set([...stored.counts.keys(), ...counts.keys()])) {
      const held = stored.counts.get(name) ?? 0;
      if (reported.has(name) || !provable.judges(name, held)) continue;
      const counted = counts.get(name) ?? 0;
      if (held === counted) continue;
      reported.add(name);
      report({ kind: 'cached_count', feature: name, live: held, replayed: counted, events: behind(name, time) });
    }
  }
}

/** The earliest events of the kinds a value is made of, in its window; of the differing tips alone where there are any. */
function eventsBehind(user: ReplayedUser, name: string, asOfMs: number, differing: ReadonlySet<string>): ReplayedEvent[] {
  const kinds = kindsBehind(name);
  const found: ReplayedEvent[] = [];
  for (const [tipId, events] of user.tips) {
    if (differing.size > 0 && !differing.has(tipId)) continue;
    for (const kind of kinds) {
      let first: ReplayedEvent | undefined;
      for (const event of events)
        if (event.kind === kind && event.atMs < asOfMs && (first === undefined || event.atMs < first.atMs)) first = event;
      if (first !== undefined && (differing.size > 0 || asOfMs - first.atMs <= WINDOW_MS)) found.push(first);
    }
  }
  return found;
}
