/**
 * When events of one kind happened in the last 30 days, to the minute: how many in an hour, and whether they have stopped coming. Pure;
 * 173 kB each.
 */
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
export const LOOK_BACK_MS = 30 * DAY_MS;
const WEEK_MS = 7 * DAY_MS;
const MINUTES = LOOK_BACK_MS / MINUTE_MS + 1;
/** Of the longest gap of each day, the third longest: two outages in a month do not become the rhythm, and weekends do. */
const NTH_LONGEST = 3;
/** A silence is longer than its rhythm when it is longer than this many times the usual longest gap. */
const RHYTHMS = 2;
/** Shorter silences are none. */
const LEAST_SILENCE_MS = 10 * MINUTE_MS;
/** Twice or half as many, and so many standard deviations of two Poisson counts apart. */
const VOLUME_RATIO = 2;
const VOLUME_DEVIATIONS = 4;

export interface Silence {
  /** Rounded down to the minute; null: there never was one. */
  readonly last_event_ms: number | null;
  readonly silent_for_ms: number | null;
  /** null: events on too few days to know their rhythm. */
  readonly rhythm_ms: number | null;
  /** For longer than RHYTHMS times the rhythm and ten minutes, or for all of the 30 days; null: it cannot be told. */
  readonly silent: boolean | null;
}

export interface Volume {
  /** The last whole hour before as-of, UTC. */
  readonly hour_from_ms: number;
  readonly events: number;
  /** In the same hour a week before; null: what is known begins later. */
  readonly last_week: number | null;
  /** null: it cannot be told. */
  readonly unusual: boolean | null;
}

export class Activity {
  readonly #asOfMs: number;
  readonly #fromMinute: number;
  readonly #counts = new Uint32Array(MINUTES);
  #events = 0;
  /** Before the 30 days. */
  #earlierMs = -1;
  #olderThanWeek = false;

  constructor(asOfMs: number) {
    this.#asOfMs = asOfMs;
    this.#fromMinute = Math.floor((asOfMs - LOOK_BACK_MS) / MINUTE_MS);
  }

  /** Unix ms; what lies outside [as-of - 30 d, as-of) is left out. */
  add(atMs: number): void {
    if (atMs >= this.#asOfMs) return;
    if (atMs < this.#hourFromMs - WEEK_MS) this.#olderThanWeek = true;
    if (atMs < this.#asOfMs - LOOK_BACK_MS) {
      this.#earlierMs = Math.max(this.#earlierMs, atMs);
      return;
    }
    this.#counts[Math.floor(atMs / MINUTE_MS) - this.#fromMinute]!++;
    this.#events++;
  }

  /** In the last 30 days. */
  get events(): number {
    return this.#events;
  }

  silence(): Silence {
    const longestByDay = new Map<number, number>();
    let lastMs: number | null = null;
    for (let at = 0; at < MINUTES; at++) {
      if (this.#counts[at] === 0) continue;
      const atMs = (this.#fromMinute + at) * MINUTE_MS;
      if (lastMs !== null) {
        const day = Math.floor(atMs / DAY_MS);
        longestByDay.set(day, Math.max(longestByDay.get(day) ?? 0, atMs - lastMs));
      }
      lastMs = atMs;
    }
    const rhythmMs = [...longestByDay.values()].sort((a, b) => b - a)[NTH_LONGEST - 1] ?? null;
    const inWindow = lastMs !== null;
    if (lastMs === null && this.#earlierMs >= 0) lastMs = Math.floor(this.#earlierMs / MINUTE_MS) * MINUTE_MS;
    const silentForMs = lastMs === null ? null : this.#asOfMs - lastMs;
    const limitMs = rhythmMs === null ? null : Math.max(RHYTHMS * rhythmMs, LEAST_SILENCE_MS);
    return {
      last_event_ms: lastMs,
      silent_for_ms: silentForMs,
      rhythm_ms: rhythmMs,
      silent: silentForMs === null ? null : !inWindow ? true : limitMs === null ? null : silentForMs > limitMs,
    };
  }

  volume(): Volume {
    const hourFromMs = this.#hourFromMs;
    const events = this.#inHour(hourFromMs);
    const lastWeek = this.#olderThanWeek ? this.#inHour(hourFromMs - WEEK_MS) : null;
    return { hour_from_ms: hourFromMs, events, last_week: lastWeek, unusual: lastWeek === null ? null : isUnusual(events, lastWeek) };
  }

  get #hourFromMs(): number {
    return Math.floor(this.#asOfMs / HOUR_MS) * HOUR_MS - HOUR_MS;
  }

  #inHour(fromMs: number): number {
    const from = fromMs / MINUTE_MS - this.#fromMinute;
    return this.#counts.subarray(from, from + HOUR_MS / MINUTE_MS).reduce((sum, count) => sum + count, 0);
  }
}

export function isUnusual(events: number, lastWeek: number): boolean {
  const [few, many] = [Math.min(events, lastWeek), Math.max(events, lastWeek)];
  return many > VOLUME_RATIO * few && many - few > VOLUME_DEVIATIONS * Math.sqrt(many + few);
}
