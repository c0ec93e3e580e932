/** What is remembered of one partition between its batches, so that metrics can say it. */
import { latenciesSince, type LatencyCounts } from '../../consumers/fold/latency-counts.js';
import type { Scoring } from '../../consumers/fold/reports.js';
import type { Committed } from '../../consumers/worker/worker-contract.js';

type Request = NonNullable<Scoring['request']>;

export class PartitionWatch {
  readonly #lastRecordMs = new Map<string, number>();
  readonly #newestEventMs = new Map<string, number>();
  /** Those whose answers the log has not acknowledged, in the order of their messages. */
  readonly #requests: Request[] = [];
  /** Counts as they stood at the first report: what an earlier run has done. */
  #counts: Map<string, number> | undefined;

  /** Full topic name -> timestamp of the last record applied, Unix ms. */
  get lastRecordMs(): ReadonlyMap<string, number> {
    return this.#lastRecordMs;
  }

  /** Full topic name -> when the newest event happened, Unix ms. */
  get newestEventMs(): ReadonlyMap<string, number> {
    return this.#newestEventMs;
  }

  /** The record that an earlier run applied last. `happenedMs` undefined: it does not say when it happened. */
  found(topic: string, timestampMs: number, happenedMs: number | undefined): void {
    later(this.#lastRecordMs, topic, timestampMs);
    if (happenedMs !== undefined) later(this.#newestEventMs, topic, happenedMs);
  }

  /** Answers by how much each count has grown; nothing of the first report, which says how they stood. */
  committed({ counts, lastMs, observed, scored }: Pick<Committed, 'counts' | 'lastMs' | 'observed' | 'scored'>): Map<string, number> {
    for (const [topic, ms] of lastMs) if (ms >= 0) this.#lastRecordMs.set(topic, ms);
    for (const [topic, { newestMs }] of observed) if (newestMs !== null) later(this.#newestEventMs, topic, newestMs);
    for (const { request } of scored) if (request !== undefined) this.#requests.push(request);
    const gained = this.#counts === undefined ? new Map<string, number>() : growth(this.#counts, counts);
    this.#counts ??= new Map();
    for (const [name, count] of counts) this.#counts.set(name, count);
    return gained;
  }

  /** The log has the outbox up to and including `seq`. Answers how long its requests took. */
  published(seq: number, nowMs: number): LatencyCounts {
    const next = this.#requests.findIndex((request) => request.seq > seq);
    const answered = this.#requests.splice(0, next === -1 ? this.#requests.length : next);
    return latenciesSince(
      answered.map(({ requestedAtMs }) => requestedAtMs),
      nowMs,
    );
  }
}

function growth(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): Map<string, number> {
  const grown = [...now].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
  return new Map(grown.filter(([, by]) => by > 0));
}

/** A timestamp before 1970 is none. */
function later(times: Map<string, number>, topic: string, ms: number): void {
  if (ms >= 0 && ms > (times.get(topic) ?? -1)) times.set(topic, ms);
}
