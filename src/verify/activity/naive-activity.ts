/**
 * Sessions and signals the obvious way, from lists of events, the prunes that the state went through and a time. It shares nothing with
 * the fold, as naive-profile.ts does not.
 */
import type { NaivePrune, RowsTaken } from '../naive-prunes.js';
import type { NaiveValue } from '../naive-profile.js';
import type { ReplayedActivity } from '../replayed.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
const WINDOW = 30 * DAY;

export interface NaiveSession {
  readonly id: string;
  readonly start: number;
  readonly offset: number | null;
  readonly end: number;
}

export interface NaiveActivity {
  readonly sessions: readonly NaiveSession[];
  readonly signals: readonly { readonly source: string; readonly at: number }[];
}

/** What is kept. `prunes` concern the user, in their order. */
export function naiveActivity(events: readonly ReplayedActivity[], prunes: readonly NaivePrune[], took: RowsTaken): NaiveActivity {
  let kept: ReplayedActivity[] = [];
  let coming = [...events];
  for (const { seq, horizonMs, positions } of prunes) {
    const hasCome = ({ topic, offset }: ReplayedActivity) => offset < (positions.get(topic) ?? 0);
    kept.push(...coming.filter(hasCome));
    coming = coming.filter((event) => !hasCome(event));
    const { sessions, signals } = keptOf(kept);
    const gone = new Set(sessions.filter(({ start, end }) => start < horizonMs && end < horizonMs).map(({ id }) => id));
    const isOld = (source: string, at: number) =>
      at < horizonMs && signals.some((other) => other.source === source && other.at > at && other.at < horizonMs);
    took(seq, 'session', gone.size);
    took(seq, 'signal', signals.filter(({ source, at }) => isOld(source, at)).length);
    kept = kept.filter((event) => (event.topic === 'app.session' ? !gone.has(event.id) : !isOld(event.id, event.atMs)));
  }
  return keptOf([...kept, ...coming]);
}

function keptOf(events: readonly ReplayedActivity[]): NaiveActivity {
  const byId = new Map<string, ReplayedActivity[]>();
  for (const event of events) if (event.topic === 'app.session') byId.set(event.id, [...(byId.get(event.id) ?? []), event]);
  const sessions = [...byId].map(([id, ofSession]): NaiveSession => {
    const start = least(ofSession.map(({ atMs }) => atMs));
    const offsets = ofSession.filter(({ atMs, offsetMin }) => atMs === start && offsetMin !== null).map(({ offsetMin }) => offsetMin!);
    return { id, start, offset: offsets.length === 0 ? null : least(offsets), end: least(ofSession.map(({ endMs }) => endMs!)) };
  });
  const synced = new Map<string, { source: string; at: number }>();
  for (const { topic, id, atMs } of events) if (topic === 'signal.synced') synced.set(JSON.stringify([id, atMs]), { source: id, at: atMs });
  return { sessions, signals: [...synced.values()] };
}

/** The features as of a time, each as the digest prints it. */
export function naiveActivityFeatures({ sessions, signals }: NaiveActivity, asOfMs: number): Readonly<Record<string, NaiveValue>> {
  const started = sessions.filter(({ start }) => start < asOfMs && asOfMs - start <= WINDOW);
  const lengths = started
    .filter(({ end }) => end < asOfMs)
    .map(({ start, end }) => end - start)
    .sort((a, b) => a - b);
  const local = started.map(({ start, offset }) => new Date(start + (offset ?? 0) * MINUTE));
  const perHour = Array.from({ length: 24 }, (_, hour) => local.filter((date) => date.getUTCHours() === hour).length);
  const newest = new Map<string, number>();
  for (const { source, at } of signals) if (at < asOfMs) newest.set(source, Math.max(at, newest.get(source) ?? at));
  const ages = [...newest].map(([source, at]) => [source, asOfMs - at] as const).sort(([a], [b]) => byBytes(a, b));
  return {
    active_days_30d: new Set(local.map((date) => date.toISOString().slice(0, -14))).size,
    active_hour: started.length === 0 ? null : perHour.indexOf(Math.max(...perHour)),
    sessions_30d: started.length,
    signal_age_ms: ages.length === 0 ? null : least(ages.map(([, age]) => age)),
    signal_age_ms_by_source: ages.length === 0 ? null : `{${ages.map(([source, age]) => `${JSON.stringify(source)}:${age}`).join(',')}}`,
    typical_session_ms: lengths.length === 0 ? null : lengths[Math.ceil(lengths.length / 2) - 1]!,
  };
}

/**
 * What is cached of the sessions as of a time, by the names of its counters: `session_length:MS` is how many sessions of that length have
 * ended, `session_day:N` how many started on the Nth local date from 1969-12-31 on.
 */
export function naiveSessionCounts({ sessions }: NaiveActivity, asOfMs: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { start, offset, end } of sessions) {
    if (start >= asOfMs || asOfMs - start > WINDOW) continue;
    const local = new Date(start + (offset ?? 0) * MINUTE);
    const date = Date.parse(local.toISOString().slice(0, -14));
    const names = ['sessions', `session_hour:${local.getUTCHours()}`, `session_day:${date / DAY + 1}`];
    if (end < asOfMs) names.push(`session_length:${end - start}`);
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** In UTF-8 bytes and code points have the same order; ids are well-formed. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function least(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => (other < one ? other : one));
}
