/** What a batch's events say of themselves, for metrics: when they happened, and whether they were put back from dead letters. */
import { latenciesSince, type LatencyCounts } from './latency-counts.js';

export interface ObservedTopic {
  /** When the newest event happened, Unix ms; an event of the future counts as one of now. null: none says. */
  readonly newestMs: number | null;
  /** From when each event happened to now. */
  readonly latencies: LatencyCounts;
  /** Records that were put back from dead letters, accepted or not. */
  readonly redriven: number;
}

interface Seen {
  readonly topic: string;
  readonly timesMs: number[];
  redriven: number;
}

export class Observed {
  readonly #seen = new Map<string, Seen>();
  /** Records come in runs of one topic. */
  #last: Seen | undefined;

  /** @param topic its full name */
  event(topic: string, happenedAtMs: number): void {
    this.#of(topic).timesMs.push(happenedAtMs);
  }

  redriven(topic: string): void {
    this.#of(topic).redriven++;
  }

  /** Full topic name -> what was seen since this was last asked. @param nowMs of the commit */
  take(nowMs: number): ReadonlyMap<string, ObservedTopic> {
    const taken = new Map<string, ObservedTopic>();
    for (const { topic, timesMs, redriven } of this.#seen.values()) {
      let newestMs: number | null = null;
      for (const timeMs of timesMs) if (newestMs === null || timeMs > newestMs) newestMs = timeMs;
      taken.set(topic, {
        newestMs: newestMs === null ? null : Math.min(newestMs, nowMs),
        latencies: latenciesSince(timesMs, nowMs),
        redriven,
      });
    }
    this.forget();
    return taken;
  }

  /** After a rollback. */
  forget(): void {
    this.#seen.clear();
    this.#last = undefined;
  }

  #of(topic: string): Seen {
    if (this.#last?.topic === topic) return this.#last;
    let seen = this.#seen.get(topic);
    if (seen === undefined) this.#seen.set(topic, (seen = { topic, timesMs: [], redriven: 0 }));
    return (this.#last = seen);
  }
}
