/**
 * Rows and their features the obvious way, from lists of events, the prunes that the state went through and a time. It shares nothing with
 * the fold, as naive-profile.ts does not.
 */
import type { RowTopic } from '../../topics.js';
import { naiveRows, type NaiveKind } from './naive-kind.js';
import type { NaivePrune, RowsTaken } from '../naive-prunes.js';
import type { NaiveValue } from '../naive-profile.js';
import type { ReplayedActivity } from '../replayed.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
const WINDOW = 30 * DAY;

interface NaiveSession {
  readonly id: string;
  readonly start: number;
  readonly offset: number | null;
  readonly end: number;
}

const session: NaiveKind<'app.session', NaiveSession> = {
  topic: 'app.session',
  keyOf: ({ session_id }) => session_id,
  rowOf(events) {
    const start = least(events.map(({ started_at_ms }) => started_at_ms));
    const offsets = events.filter(({ started_at_ms }) => started_at_ms === start).flatMap(({ utc_offset_min }) => utc_offset_min ?? []);
    return {
      id: events[0]!.session_id,
      start,
      offset: offsets.length === 0 ? null : least(offsets),
      end: least(events.map(({ ended_at_ms }) => ended_at_ms)),
    };
  },
  isTaken: ({ start, end }, horizonMs) => start < horizonMs && end < horizonMs,
  columns: ({ id, start, offset, end }) => [id, start, offset, end],
};

interface NaiveSignal {
  readonly source: string;
  readonly at: number;
}

const signal: NaiveKind<'signal.synced', NaiveSignal> = {
  topic: 'signal.synced',
  keyOf: ({ source, synced_at_ms }) => [source, synced_at_ms],
  rowOf: ([first]) => ({ source: first!.source, at: first!.synced_at_ms }),
  isTaken: ({ source, at }, horizonMs, rows) =>
    at < horizonMs && rows.some((other) => other.source === source && other.at > at && other.at < horizonMs),
  columns: ({ source, at }) => [source, at],
};

/** By the names of their tables. A further kind of rows is an entry here, and its features are below. */
const KINDS = { session, signal };
type NaiveRow<Kind> = Kind extends NaiveKind<infer _Topic, infer Row> ? Row : never;

/** What is kept. */
export type NaiveActivity = { readonly [Name in keyof typeof KINDS]: readonly NaiveRow<(typeof KINDS)[Name]>[] };

export const NAIVE_TOPICS: readonly RowTopic[] = Object.values(KINDS).map(({ topic }) => topic);

/** `prunes` concern the user, in their order. */
export function naiveActivity(events: readonly ReplayedActivity[], prunes: readonly NaivePrune[], took: RowsTaken): NaiveActivity {
  const kept = Object.entries(KINDS).map((entry) => [entry[0], naiveRows(entry as never, events, prunes, took)]);
  return Object.fromEntries(kept) as unknown as NaiveActivity;
}

/** Name of a table -> the columns of its rows in their order, as JSON. */
export function naiveTexts(naive: NaiveActivity): Map<string, ReadonlySet<string>> {
  return new Map(
    Object.entries(KINDS).map(([name, { columns }]) => {
      const rows: readonly unknown[] = naive[name as keyof NaiveActivity];
      return [name, new Set(rows.map((row) => JSON.stringify(columns(row as never))))];
    }),
  );
}

/** The features as of a time, each as the digest prints it. */
export function naiveActivityFeatures(
  { session: sessions, signal: signals }: NaiveActivity,
  asOfMs: number,
): Readonly<Record<string, NaiveValue>> {
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
export function naiveSessionCounts({ session: sessions }: NaiveActivity, asOfMs: number): Map<string, number> {
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
