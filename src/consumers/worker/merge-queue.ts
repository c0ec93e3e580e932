/**
 * One partition's waiting records, topic by topic, and the order in which they are taken: by timestamp across topics, by offset within one.
 * As in Kafka Streams (max.task.idle.ms), an empty topic that is known to hold more is waited for, for a bounded time, so that catching
 * up does not score candidates against profiles that lag behind. Pure but for its own memory: time comes in as an argument.
 */
import { TipstreamError } from '../../errors.js';
import type { Delivery, RecordRun } from '../../log/port.js';
import { RunFrom } from '../../log/record-run.js';

export interface MergeOptions {
  /** Full topic names; records of equal timestamp are taken in this order. */
  readonly topics: readonly string[];
  /** How long an empty topic that holds more is waited for, in ms. */
  readonly maxIdleMs: number;
  /** What one record of a topic counts towards a limit; 1 unless named. */
  readonly weights?: ReadonlyMap<string, number> | undefined;
}

/** Records `from` up to but not including `to` of a run. */
export interface Segment {
  readonly topic: string;
  readonly run: RecordRun;
  readonly from: number;
  readonly to: number;
}

export interface Taken {
  /** In the order to apply them. */
  readonly segments: readonly Segment[];
  /** Where each topic stands once these records are applied; only topics that moved. */
  readonly positions: ReadonlyMap<string, number>;
}

interface Lane {
  readonly topic: string;
  readonly weight: number;
  readonly deliveries: Delivery[];
  /** Index into the first delivery's records. */
  head: number;
  /** Timestamp of the next record when the lanes were last looked at; NOTHING: none waited. */
  headMs: number;
  /** The next offset that has been delivered to us. */
  delivered: number;
  /** The next offset that has been taken. */
  taken: number;
  end: number;
}

/** As a timestamp: there is no record. */
const NOTHING = Infinity;

export class MergeQueue {
  readonly #lanes: Lane[];
  readonly #byTopic: Map<string, Lane>;
  readonly #maxIdleMs: number;
  /** Since when the head of the queue has been held back for an empty topic. */
  #heldSinceMs: number | undefined;

  /** `positions` and `ends` per topic: where reading starts and what the log held then. */
  constructor({ topics, maxIdleMs, weights }: MergeOptions, positions: ReadonlyMap<string, number>, ends: ReadonlyMap<string, number>) {
    this.#maxIdleMs = maxIdleMs;
    this.#lanes = topics.map((topic) => {
      const start = positions.get(topic) ?? 0;
      return {
        topic,
        weight: weights?.get(topic) ?? 1,
        deliveries: [],
        head: 0,
        headMs: NOTHING,
        delivered: start,
        taken: start,
        end: ends.get(topic) ?? 0,
      };
    });
    this.#byTopic = new Map(this.#lanes.map((lane) => [lane.topic, lane]));
  }

  /**
   * Records that were taken before (by a previous owner whose last commit came after this one's start was decided) are passed over. Throws
   * internal when records are missing between this delivery and the one before.
   */
  add(delivery: Delivery): void {
    const lane = this.#byTopic.get(delivery.topic)!;
    lane.end = Math.max(delivery.endOffset, delivery.nextOffset);
    if (delivery.nextOffset <= lane.delivered) return;
    if (delivery.fromOffset > lane.delivered) {
      throw new TipstreamError(
        'internal',
        `${delivery.topic} partition ${delivery.partition} was delivered from offset ` +
          `${delivery.fromOffset}, where ${lane.delivered} was next`,
      );
    }
    lane.deliveries.push(
      delivery.fromOffset === lane.delivered ? delivery : { ...delivery, records: runFrom(delivery.records, lane.delivered) },
    );
    lane.delivered = delivery.nextOffset;
  }

  /** Where a topic stands once everything taken so far is applied. */
  taken(topic: string): number {
    return this.#byTopic.get(topic)!.taken;
  }

  /** Records of topics that are not `closed`. */
  waiting(closed: ReadonlySet<string>): number {
    let waiting = 0;
    for (const { topic, deliveries, head } of this.#lanes) {
      if (closed.has(topic)) continue;
      for (const { records } of deliveries) waiting += records.length;
      waiting -= head;
    }
    return waiting;
  }

  get empty(): boolean {
    return this.#lanes.every((lane) => lane.deliveries.length === 0);
  }

  /**
   * Records in order, up to a sum of weights of `limit` and at least one; `closed` topics are passed over. `positions` is empty when
   * there is nothing, or when an empty topic is being waited for: then ask again after the next delivery or after `maxIdleMs`.
   */
  take(limit: number, nowMs: number, closed: ReadonlySet<string> = new Set()): Taken {
    const segments: Segment[] = [];
    const moved = new Set<Lane>();
    const open = this.#lanes.filter((lane) => !closed.has(lane.topic));
    for (const lane of open) findHead(lane, moved);
    let weight = 0;
    while (weight < limit) {
      let first: Lane | undefined;
      let firstMs = NOTHING;
      // The first record of the lane that is older than this goes before any other lane's: of equal timestamps, an earlier lane's does.
      let beforeMs = NOTHING;
      let held = false;
      for (const lane of open) {
        const { headMs } = lane;
        if (headMs === NOTHING) held ||= lane.delivered < lane.end;
        else if (headMs < firstMs) {
          beforeMs = firstMs;
          first = lane;
          firstMs = headMs;
        } else if (headMs < beforeMs) beforeMs = headMs + 1;
      }
      if (first === undefined) break;
      if (held && !this.#patienceOver(nowMs)) break;
      if (!held) this.#heldSinceMs = undefined;
      const segment = takeFrom(first, beforeMs, Math.ceil((limit - weight) / first.weight));
      segments.push(segment);
      weight += (segment.to - segment.from) * first.weight;
      moved.add(first);
      findHead(first, moved);
    }
    return { segments, positions: new Map([...moved].map((lane) => [lane.topic, lane.taken])) };
  }

  #patienceOver(nowMs: number): boolean {
    // A clock that is set back begins the wait anew, lest it lasts as long as the step.
    if (this.#heldSinceMs === undefined || nowMs < this.#heldSinceMs) this.#heldSinceMs = nowMs;
    return nowMs - this.#heldSinceMs >= this.#maxIdleMs;
  }
}

/** Passes over finished deliveries, which may have ended in a gap. */
function findHead(lane: Lane, moved: Set<Lane>): void {
  lane.headMs = NOTHING;
  for (let delivery = lane.deliveries[0]; delivery !== undefined; delivery = lane.deliveries[0]) {
    if (lane.head < delivery.records.length) {
      lane.headMs = delivery.records.timestampAt(lane.head);
      return;
    }
    lane.taken = delivery.nextOffset;
    lane.head = 0;
    lane.deliveries.shift();
    moved.add(lane);
  }
}

/** A run from the lane whose head is the oldest, up to the first record that is not older than `beforeMs`. */
function takeFrom(lane: Lane, beforeMs: number, limit: number): Segment {
  const run = lane.deliveries[0]!.records;
  const from = lane.head;
  const most = Math.min(run.length, from + limit);
  let to = from + 1;
  while (to < most && run.timestampAt(to) < beforeMs) to++;
  lane.head = to;
  lane.taken = run.offsetAt(to - 1) + 1;
  return { topic: lane.topic, run, from, to };
}

/** The part of a run that begins at `offset`. */
function runFrom(run: RecordRun, offset: number): RecordRun {
  let skip = 0;
  while (skip < run.length && run.offsetAt(skip) < offset) skip++;
  return new RunFrom(run, skip);
}
