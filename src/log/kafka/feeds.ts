/**
 * All feeds of a group member: fetches for them, one request a broker at a time, and hands their records over.
 *
 * There are two lanes, because a fetch that waits for new records holds up every request behind it on the same connection:
 * partitions that are behind are fetched without waiting, those at their end wait together elsewhere. Fetching goes on while records
 * are handed over, and handing over lets go of the event loop after every delivery.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Delivery } from '../port.js';
import { type Connection, partitionsOf } from './connection.js';
import { Feed } from './feed.js';
import { isMissingTopic, isTransient, offsetOutOfRange } from './failures.js';
import { fetchFrom, type FetchedPartition } from './fetch-request.js';
import { type Cluster, errorFromCode } from './internals.js';
import { offsetRange } from './offset-ranges.js';
import { pauseMs, WARNS_EVERY_MS } from './retry.js';

const OFFSET_OUT_OF_RANGE = 1;
const TAIL_WAIT_MS = 250;
/** From one fetch of the tail lane to the next: what comes meanwhile shares a request. The first after a quiet spell does not wait. */
const TAIL_APART_MS = 2;
/** Handed over before the event loop gets a turn: what came in one answer is then folded in one batch. */
const RECORDS_AT_ONCE = 500;
/** How long a topic may be absent before that ends the member, ms. */
const MISSING_FOR_MS = 30_000;
/** Of all feeds together, fetched and not handed over yet. */
const WAITING_BYTES_LIMIT = 64 * 1_048_576;

interface Lane {
  readonly name: 'behind' | 'tail';
  readonly cluster: Cluster;
  readonly waitMs: number;
  /** From a request to the next one to the same broker, at least; ms. */
  readonly apartMs: number;
  /** Node ids with a request under way, or whose next one is not due yet. */
  readonly busy: Set<number>;
  /** In a row; the metadata is fetched anew and the next try is put off. */
  failures: number;
  pausedUntil: number;
  warnedAt: number;
  /** When a topic was first not found, since the last fetch that succeeded. */
  missingSince: number | undefined;
}

export interface FeedsOwner {
  /** Whether the member's partitions are still surely its own. */
  readonly mayDeliver: () => boolean;
  readonly deliver: (delivery: Delivery) => boolean;
  readonly failed: (error: Error) => void;
  /** The log does not hold what comes next of this partition, whose feeds are removed. */
  readonly outOfRange: (partition: number, error: Error) => void;
}

export class Feeds {
  readonly #connection: Connection;
  readonly #owner: FeedsOwner;
  readonly #lanes: readonly Lane[];
  #feeds: Feed[] = [];
  #closed = false;
  #scheduling = false;
  #scheduleAgain = false;
  #delivering = false;

  constructor(connection: Connection, owner: FeedsOwner) {
    this.#connection = connection;
    this.#owner = owner;
    const lane = (name: Lane['name'], cluster: Cluster, waitMs: number, apartMs: number): Lane => ({
      name,
      cluster,
      waitMs,
      apartMs,
      busy: new Set(),
      failures: 0,
      pausedUntil: 0,
      warnedAt: -Infinity,
      missingSince: undefined,
    });
    this.#lanes = [lane('behind', connection.reading, 0, 0), lane('tail', connection.newCluster(), TAIL_WAIT_MS, TAIL_APART_MS)];
  }

  add(topic: string, partition: number, position: number, end: number): void {
    this.#feeds.push(new Feed(topic, partition, position, end));
  }

  /** Every topic of the partition. */
  remove(partition: number): void {
    for (const feed of this.#feeds) if (feed.partition === partition) feed.close();
    this.#feeds = this.#feeds.filter((feed) => !feed.closed);
  }

  resume(topic: string, partition: number): void {
    const feed = this.#feeds.find((candidate) => candidate.topic === topic && candidate.partition === partition);
    if (feed === undefined || !feed.paused) return;
    feed.paused = false;
    feed.heardAt = performance.now();
    feed.behind = true; // its end may have moved on meanwhile
    this.wake();
  }

  /** Partitions that are to be fetched and of which no broker has said anything for so long. */
  unheardFor(ms: number): ReadonlySet<number> {
    const before = performance.now() - ms;
    return new Set(this.#feeds.filter((feed) => feed.isWanted && feed.heardAt < before).map(({ partition }) => partition));
  }

  /** Something changed: there may be something to fetch or to hand over. */
  wake(): void {
    if (this.#closed) return;
    void this.#schedule();
    void this.#deliverAll();
  }

  /** No delivery after the call. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const feed of this.#feeds) feed.close();
    this.#feeds = [];
    await this.#connection.closeCluster(this.#lanes[1]!.cluster);
  }

  async #schedule(): Promise<void> {
    this.#scheduleAgain = true;
    if (this.#scheduling) return;
    this.#scheduling = true;
    while (this.#scheduleAgain && !this.#closed) {
      this.#scheduleAgain = false;
      for (const lane of this.#lanes) await this.#scheduleLane(lane);
    }
    this.#scheduling = false;
  }

  async #scheduleLane(lane: Lane): Promise<void> {
    if (performance.now() < lane.pausedUntil) return;
    const total = this.#feeds.reduce((bytes, feed) => bytes + feed.waitingBytes, 0);
    const wanted = this.#feeds.filter((feed) => feed.behind === (lane.name === 'behind') && feed.wantsFetch);
    if (wanted.length === 0 || total > WAITING_BYTES_LIMIT) return;
    try {
      const refresh = lane.failures > 0;
      const byLeader = new Map<number, Feed[]>();
      for (const [index, feed] of wanted.entries()) {
        const partitions = await partitionsOf(lane.cluster, feed.topic, refresh && index === 0);
        const leader = partitions.find(({ partitionId }) => partitionId === feed.partition)?.leader ?? -1;
        byLeader.set(leader, [...(byLeader.get(leader) ?? []), feed]);
      }
      for (const [leader, feeds] of byLeader) if (!lane.busy.has(leader)) void this.#fetch(lane, leader, feeds);
    } catch (error) {
      this.#putOff(lane, error);
    }
  }

  async #fetch(lane: Lane, leader: number, asked: readonly Feed[]): Promise<void> {
    const feeds = asked.filter((feed) => feed.wantsFetch);
    if (feeds.length === 0) return;
    lane.busy.add(leader);
    const dueAt = performance.now() + lane.apartMs;
    for (const feed of feeds) feed.inFlight = true;
    // The broker serves them in this order; whoever came last goes first the next time.
    this.#feeds = [...this.#feeds.filter((feed) => feed !== feeds[0]), ...this.#feeds.filter((feed) => feed === feeds[0])];
    try {
      const targets = feeds.map(({ topic, partition, fetchOffset }) => ({ topic, partition, offset: fetchOffset }));
      const { errorCode, partitions } = await fetchFrom(lane.cluster, leader, targets, lane.waitMs);
      if (errorCode !== 0) throw errorFromCode(errorCode);
      for (const fetched of partitions) {
        const feed = feeds.find(({ topic, partition }) => topic === fetched.topic && partition === fetched.partition);
        if (feed !== undefined) await this.#accept(feed, fetched);
      }
      lane.failures = 0;
      lane.missingSince = undefined;
    } catch (error) {
      this.#putOff(lane, error);
    } finally {
      for (const feed of feeds) feed.inFlight = false;
    }
    const early = dueAt - performance.now();
    const next = (): void => {
      lane.busy.delete(leader);
      this.wake();
    };
    if (early <= 0) return next();
    setTimeout(next, early);
    void this.#deliverAll();
  }

  async #accept(feed: Feed, fetched: FetchedPartition): Promise<void> {
    const { topic, partition, fetchOffset } = feed;
    if (feed.closed) return;
    if (fetched.errorCode === 0) return feed.accept(fetched);
    if (fetched.errorCode !== OFFSET_OUT_OF_RANGE) throw errorFromCode(fetched.errorCode);
    const { low, end } = await offsetRange(this.#connection, topic, partition);
    if (feed.closed) return;
    this.remove(partition);
    this.#owner.outOfRange(partition, offsetOutOfRange(topic, partition, fetchOffset, low, end));
  }

  /** A broker that is away is tried again, and a topic that is not there for a while; anything else ends the member. */
  #putOff(lane: Lane, error: unknown): void {
    if (this.#closed) return;
    if (!isTransient(error) && !this.#mayComeBack(lane, error)) return this.#fail(error);
    const waitMs = pauseMs(lane.failures++);
    lane.pausedUntil = performance.now() + waitMs;
    const now = performance.now();
    const level = now - lane.warnedAt > WARNS_EVERY_MS ? 'warn' : 'debug';
    if (level === 'warn') lane.warnedAt = now;
    this.#connection.log(level, 'A fetch failed and is tried again', { lane: lane.name, attempt: lane.failures, error: String(error) });
    setTimeout(() => {
      lane.pausedUntil = 0; // a timer may be early, and nobody else need come by
      this.wake();
    }, waitMs);
  }

  /** A broker whose metadata is behind does not know a topic for a moment, nor does any while the topic is made anew. */
  #mayComeBack(lane: Lane, error: unknown): boolean {
    if (!isMissingTopic(error)) return false;
    lane.missingSince ??= performance.now();
    return performance.now() - lane.missingSince < MISSING_FOR_MS;
  }

  async #deliverAll(): Promise<void> {
    if (this.#delivering) return;
    this.#delivering = true;
    let turn = 0;
    let left = RECORDS_AT_ONCE;
    while (!this.#closed && this.#owner.mayDeliver()) {
      const ready = this.#feeds.filter((feed) => feed.hasDelivery);
      if (ready.length === 0) break;
      try {
        left -= this.#deliver(ready[turn++ % ready.length]!);
      } catch (error) {
        this.#fail(error);
        break;
      }
      if (left > 0) continue;
      left = RECORDS_AT_ONCE;
      void this.#schedule();
      await nextTurn();
    }
    this.#delivering = false;
    void this.#schedule();
  }

  /** Answers how many records it was. */
  #deliver(feed: Feed): number {
    const { topic, partition, position: fromOffset } = feed;
    const records = feed.take();
    const goOn = this.#owner.deliver({ topic, partition, fromOffset, nextOffset: feed.position, endOffset: feed.end, records });
    if (!goOn) feed.paused = true;
    return records.length;
  }

  #fail(error: unknown): void {
    if (!this.#closed) this.#owner.failed(this.#connection.failure(error, 'fetch'));
  }
}
