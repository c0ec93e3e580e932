/**
 * The naive oracle of sessions and signals: features from a list of events and a time, straight from the definitions. It imports
 * nothing from src, and knows nothing of rows, counters, intervals or SQL.
 */
export type ActivityEvent =
  | {
      topic: 'app.session';
      value: {
        user_id: string;
        session_id: string;
        started_at_ms: number;
        ended_at_ms: number;
        utc_offset_min?: number | null | undefined;
      };
    }
  | { topic: 'signal.synced'; value: { user_id: string; source: string; synced_at_ms: number } };

export type OracleActivity = Record<string, number | Record<string, number> | null>;

const DAY = 86400000;

/** A user's features as of t; of a user without events too. */
export function oracleActivity(events: readonly ActivityEvent[], userId: string, t: number): OracleActivity {
  const mine = events.filter(({ value }) => value.user_id === userId);
  const starts = new Map<string, { at: number; offsets: number[] }>();
  const ends = new Map<string, number>();
  const synced = new Map<string, number>();
  for (const event of mine) {
    if (event.topic === 'signal.synced') {
      const { source, synced_at_ms: at } = event.value;
      if (at < t) synced.set(source, Math.max(at, synced.get(source) ?? -1));
      continue;
    }
    const { session_id: id, started_at_ms: started, ended_at_ms: ended, utc_offset_min: offset } = event.value;
    const offsets = offset == null ? [] : [offset];
    const first = starts.get(id);
    if (first === undefined || started < first.at) starts.set(id, { at: started, offsets });
    else if (started === first.at) first.offsets.push(...offsets);
    ends.set(id, Math.min(ended, ends.get(id) ?? Infinity));
  }
  const sessions = [...starts]
    .map(([id, { at, offsets }]) => ({ at, offset: offsets.length ? Math.min(...offsets) : 0, end: ends.get(id)! }))
    .filter(({ at }) => at >= t - 30 * DAY && at < t);
  const lengths = sessions
    .filter(({ end }) => end < t)
    .map(({ at, end }) => end - at)
    .sort((a, b) => a - b);
  const local = sessions.map(({ at, offset }) => new Date(at + offset * 60000).toISOString());
  const hours = local.map((iso) => Number(iso.slice(-13, -11)));
  const times = (hour: number) => hours.filter((one) => one === hour).length;
  const busiest = [...new Set(hours)].sort((a, b) => times(b) - times(a) || a - b);
  const ages = [...synced].map(([source, at]): [string, number] => [source, t - at]);
  return {
    active_days_30d: new Set(local.map((iso) => iso.slice(0, -14))).size,
    active_hour: busiest[0] ?? null,
    sessions_30d: sessions.length,
    signal_age_ms: ages.length ? Math.min(...ages.map(([, age]) => age)) : null,
    signal_age_ms_by_source: ages.length ? Object.fromEntries(ages) : null,
    typical_session_ms: lengths[Math.floor((lengths.length - 1) / 2)] ?? null,
  };
}
