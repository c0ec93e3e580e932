/**
 * The naive oracle: profiles from a list of events and a time, straight from the definitions. It imports nothing from src and knows
 * nothing of kept rows, counters, intervals or SQL; it is slow, and short enough to be checked by reading.
 */
import { createHash } from 'node:crypto';

export interface OracleEvent {
  topic: string;
  value: {
    user_id: string;
    tip_id: string;
    served_at_ms?: number;
    reacted_at_ms?: number;
    action?: string;
    category?: string | null | undefined;
    utc_offset_min?: number | null | undefined;
  };
}
export type OracleProfile = Record<string, number | string | Readonly<Record<string, number>> | null>;

const DAY = 86400000;
function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
const points = (text: string): number[] => Array.from(text, (character) => character.codePointAt(0)!);
export function byCodePoint(a: string, b: string): number {
  const [x, y] = [points(a), points(b)];
  const i = x.findIndex((point, at) => point !== y[at]);
  return i === -1 ? x.length - y.length : x[i]! - (y[i] ?? -1);
}

/** Every known user's features as of t. */
export function oracleProfiles(events: readonly OracleEvent[], t: number): Map<string, OracleProfile> {
  const seen = events
    .map(({ topic, value }) => ({
      ...value,
      kind: topic === 'tip.served' ? 'served' : value.action!,
      at: (value.served_at_ms ?? value.reacted_at_ms)!,
    }))
    .filter((event) => event.at < t);
  const profiles = new Map<string, OracleProfile>();
  for (const [userId, mine] of groupBy(seen, (event) => event.user_id)) {
    const tips = [...groupBy(mine, (event) => event.tip_id).values()].map((list) => {
      const first = (...kinds: string[]) => {
        const times = list.filter((event) => kinds.includes(event.kind)).map((event) => event.at);
        return times.length ? Math.min(...times) : undefined;
      };
      const at = (kind: string) => list.filter((event) => event.kind === kind && event.at === first(kind));
      return {
        served: first('served'),
        done: first('done'),
        dismiss: first('dismiss'),
        snooze: first('snooze'),
        reacted: first('done', 'dismiss', 'snooze'),
        category: at('served')
          .map((event) => event.category)
          .filter((label) => label != null)
          .sort(byCodePoint)[0],
        offset:
          at('done')
            .map((event) => event.utc_offset_min)
            .filter((minutes) => minutes != null)
            .sort((a, b) => a - b)[0] ?? 0,
      };
    });
    const inWindow = (time: number | undefined) => time !== undefined && time >= t - 30 * DAY && time < t;
    if (!tips.some((tip) => [tip.served, tip.done, tip.dismiss, tip.snooze].some(inWindow))) continue;
    const volume = tips.filter((tip) => inWindow(tip.served));
    const share = (action: 'done' | 'dismiss' | 'snooze') =>
      volume.length ? volume.filter((tip) => tip[action] !== undefined).length / volume.length : null;
    const dwells = volume.filter((tip) => tip.reacted !== undefined && tip.reacted >= tip.served!).map((tip) => tip.reacted! - tip.served!);
    const local = tips.filter((tip) => inWindow(tip.done)).map((tip) => new Date(tip.done! + tip.offset * 60000));
    const mode = <T>(items: T[], order: (a: T, b: T) => number): T | null =>
      [...groupBy(items, (item) => item)].sort((a, b) => b[1].length - a[1].length || order(a[0], b[0]))[0]?.[0] ?? null;
    profiles.set(userId, {
      tip_volume_30d: volume.length,
      completion_rate_30d: share('done'),
      dismiss_rate_30d: share('dismiss'),
      snooze_rate_30d: share('snooze'),
      mean_dwell_ms_30d: dwells.length ? dwells.reduce((sum, dwell) => sum + dwell, 0) / dwells.length : null,
      preferred_hour: mode(
        local.map((date) => date.getUTCHours()),
        (a, b) => a - b,
      ),
      preferred_weekday: mode(
        local.map((date) => (date.getUTCDay() + 6) % 7),
        (a, b) => a - b,
      ),
      preferred_category: mode(
        volume.filter((tip) => tip.done !== undefined && tip.category !== undefined).map((tip) => tip.category!),
        byCodePoint,
      ),
    });
  }
  return profiles;
}

export function oracleDigest(profiles: ReadonlyMap<string, OracleProfile>): string {
  const lines = [...profiles]
    .sort((a, b) => byCodePoint(a[0], b[0]))
    .flatMap(([userId, features]) =>
      Object.entries(features)
        .sort((a, b) => byCodePoint(a[0], b[0]))
        .map(([name, value]) => `${userId}\t${name}\t${oracleText(value)}\n`),
    );
  return createHash('sha256').update(lines.join('')).digest('hex');
}

/** As the digest has it. */
export function oracleText(value: OracleProfile[string]): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => byCodePoint(a, b));
  return `{${entries.map(([name, number]) => `${JSON.stringify(name)}:${number}`).join(',')}}`;
}
