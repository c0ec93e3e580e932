/**
 * A consumer group's member. kafkajs' consumer keeps the membership: it joins, sends heartbeats, rebalances and commits. All its
 * partitions stay paused, and the records come through our own fetches (feeds.ts); so a position that is outside the log is an error
 * here, where kafkajs would reset it and commit the reset, and markers at the end of the log count as read.
 *
 *     joining --(the group tells what it keeps and gets)--> joined --(a rebalance, or a connection is lost)--> joining
 *        |                                                     |
 *        +-------------------------(stop)----------------------+--> stopping
 *        +--------(an error that trying again does not mend)---+--> failed
 *
 * - joining: nothing is delivered, and the handler writes nothing. What it holds stays, but may already be somebody else's.
 * - joined: what is fetched is delivered, as long as the last heartbeat that was answered is younger than the session.
 * - stopping: asked to, it leaves the group; nothing is delivered, committed or taken any more.
 * - failed: as stopping, and the handler is told why.
 *
 * A partition's life: assigned -> `positions` (at once) -> its offset ranges are fetched -> `ready` -> deliveries -> `revoked`.
 * What stays with the member through a rebalance is not touched by it.
 */
import type { Consumer, ConsumerCrashEvent, ConsumerGroupJoinEvent } from 'kafkajs';
import { TipstreamError } from '../../errors.js';
import type { GroupMember, GroupOptions, Holder } from '../port.js';
import { coPartitionAssigner } from './co-partition.js';
import { Committer } from './committer.js';
import { type Connection, partitionsOf } from './connection.js';
import { isMissingTopic, isTransient, mayJoinAgain, offsetOutOfRange } from './failures.js';
import { Feeds } from './feeds.js';
import { groupHolders } from './groups.js';
import type { Cluster } from './internals.js';
import { rangesOf } from './offset-ranges.js';
import { backOff, LONG_RETRY, METADATA_MAX_AGE_MS, retrying, settledWithin, WARNS_EVERY_MS } from './retry.js';

const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_INTERVAL_MS = 500;
const REBALANCE_TIMEOUT_MS = 20_000;
/** With everything paused kafkajs' fetches are sleeps of this length; leaving the group waits for one. */
const IDLE_MS = 100;
const LEAVES_WITHIN_MS = 5000;
/** What is being written when a join begins has so long, well within the session, before the member joins all the same. */
const SETTLES_WITHIN_MS = 4000;
/** Nothing heard for so long is more than a broker's restart or a rebalance: it is said, in the log and in the lag. */
const SILENT_AFTER_MS = 15_000;
const LOOKS_EVERY_MS = 5000;
const SAYS_SILENCE_EVERY_MS = 30_000;

/** A partition held by this member; another object each time it is assigned. */
interface Holding {
  readonly released: AbortController;
}

type MemberState = 'joining' | 'joined' | 'stopping' | 'failed';

export class KafkaGroupMember implements GroupMember {
  readonly #connection: Connection;
  readonly #options: GroupOptions;
  readonly #consumer: Consumer;
  readonly #cluster: Cluster;
  readonly #feeds: Feeds;
  readonly #committer: Committer;
  readonly #partitionCount: number;
  readonly #held = new Map<number, Holding>();
  readonly #leaving = new AbortController();
  #memberId: string | null = null;
  #aliveAt = 0;
  #couldDeliverAt = performance.now();
  #saidSilentAt = -Infinity;
  #watch: NodeJS.Timeout | undefined;
  #state: MemberState = 'joining';
  #joined!: () => void;
  #notJoined!: (error: Error) => void;
  readonly #firstJoin = new Promise<void>((resolve, reject) => {
    this.#joined = resolve;
    this.#notJoined = reject;
  });

  private constructor(connection: Connection, options: GroupOptions, partitionCount: number) {
    this.#connection = connection;
    this.#options = options;
    this.#partitionCount = partitionCount;
    const state = () => ({ address: options.address ?? null, partitions: [...this.#held.keys()], count: partitionCount });
    const { consumer, cluster } = connection.newConsumer(
      {
        groupId: options.group,
        partitionAssigners: [
          coPartitionAssigner(
            state,
            () => this.#joinsAgain(),
            (assigned) => this.#onAssign(assigned),
          ),
        ],
        sessionTimeout: SESSION_TIMEOUT_MS,
        heartbeatInterval: HEARTBEAT_INTERVAL_MS,
        rebalanceTimeout: REBALANCE_TIMEOUT_MS,
        maxWaitTimeInMs: IDLE_MS,
        allowAutoTopicCreation: false,
        metadataMaxAge: METADATA_MAX_AGE_MS,
        retry: { ...LONG_RETRY, restartOnFailure: () => Promise.resolve(this.#isMember) },
      },
      (join) => this.#joins(join),
    );
    this.#consumer = consumer;
    this.#cluster = cluster;
    this.#committer = new Committer(this.#consumer, connection.log);
    this.#feeds = new Feeds(connection, {
      mayDeliver: () => this.#mayDeliver(),
      deliver: (delivery) => options.handler.deliver(delivery),
      failed: (error) => void this.#fail(error),
      outOfRange: (partition, error) => this.#failPartition(partition, error),
    });
  }

  /**
   * Checks the topics; `join` joins.
   * @throws topic_not_found, partition_count_changed when the topics differ in their partitions
   */
  static async create(connection: Connection, options: GroupOptions): Promise<KafkaGroupMember> {
    const count = await connection.attempt(`join group ${options.group}`, () => commonPartitionCount(connection, options.topics));
    return new KafkaGroupMember(connection, options, count);
  }

  async join(): Promise<void> {
    try {
      await this.#start();
    } catch (error) {
      await this.stop();
      throw this.#connection.failure(error, `join group ${this.#options.group}`);
    }
  }

  async #start(): Promise<void> {
    this.#firstJoin.catch(() => undefined); // awaited below, maybe after it was rejected
    const { events } = this.#consumer;
    this.#consumer.on(events.GROUP_JOIN, (event) => this.#onJoin(event.payload));
    this.#consumer.on(events.CRASH, (event) => this.#onCrash(event.payload));
    this.#consumer.on(events.HEARTBEAT, () => {
      this.#aliveAt = performance.now();
      this.#feeds.wake();
    });
    await this.#consumer.subscribe({ topics: [...this.#options.topics], fromBeginning: true });
    await this.#consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: () => Promise.resolve() });
    await this.#firstJoin;
    this.#watch = setInterval(() => this.#saySilence(), LOOKS_EVERY_MS).unref();
  }

  /** Until it stops or fails. */
  get #isMember(): boolean {
    return this.#state === 'joining' || this.#state === 'joined';
  }

  #joinsAgain(): void {
    if (this.#isMember) this.#state = 'joining';
  }

  #mayDeliver(): boolean {
    const now = performance.now();
    const may = this.#state === 'joined' && now - this.#aliveAt < SESSION_TIMEOUT_MS;
    if (may) this.#couldDeliverAt = now;
    return may;
  }

  silent(): ReadonlyMap<number, string> {
    if (!this.#mayDeliver() && performance.now() - this.#couldDeliverAt > SILENT_AFTER_MS) {
      const why =
        `the group's coordinator has not confirmed this member's partitions for ` +
        `${Math.round((performance.now() - this.#couldDeliverAt) / 1000)} s`;
      return new Map([...this.#held.keys()].map((partition) => [partition, why]));
    }
    return new Map(
      [...this.#feeds.unheardFor(SILENT_AFTER_MS)].map((partition) => [
        partition,
        `no broker has answered a fetch of it for more than ${SILENT_AFTER_MS / 1000} s`,
      ]),
    );
  }

  #saySilence(): void {
    const silent = this.silent();
    if (silent.size === 0 || performance.now() - this.#saidSilentAt < SAYS_SILENCE_EVERY_MS) return;
    this.#saidSilentAt = performance.now();
    this.#connection.log('warn', 'Nothing comes of partitions that are held', {
      group: this.#options.group,
      partitions: [...silent.keys()],
      reasons: [...new Set(silent.values())],
    });
  }

  /** Until it has joined: what it holds may be somebody else's from the first try on, and only a join tells. */
  async #joins(join: () => Promise<void>): Promise<void> {
    this.#joinsAgain();
    if (this.#held.size > 0) await settledWithin(this.#options.handler.rejoining?.() ?? Promise.resolve(), SETTLES_WITHIN_MS);
    let warnedAt = -Infinity;
    await retrying(join, {
      signal: this.#leaving.signal,
      mayRetry: mayJoinAgain,
      onRetry: (error) => {
        if (performance.now() - warnedAt < WARNS_EVERY_MS) return;
        warnedAt = performance.now();
        this.#connection.log('warn', 'Joining the group failed and is tried again', { group: this.#options.group, error: String(error) });
      },
    });
  }

  /** The leader gives up what it loses before it tells anybody who has it now, so that a new owner does not begin beside the old one. */
  #onAssign(assigned: ReadonlyMap<string, readonly number[]>): void {
    const kept = this.#memberId === null || !this.#isMember ? undefined : assigned.get(this.#memberId);
    if (kept === undefined) return;
    try {
      for (const partition of [...this.#held.keys()]) if (!kept.includes(partition)) this.#release(partition);
    } catch (error) {
      void this.#fail(this.#connection.failure(error, 'give up partitions'));
    }
  }

  /** Called within kafkajs' join, where a throw would end its consumer for good. */
  #onJoin({ memberId, memberAssignment }: ConsumerGroupJoinEvent['payload']): void {
    if (!this.#isMember) return;
    try {
      this.#consumer.pause(this.#options.topics.map((topic) => ({ topic })));
      // With a new id the group had dropped this member, and others may have had its partitions since.
      const sameMember = this.#memberId === null || this.#memberId === memberId;
      this.#memberId = memberId;
      this.#assign(new Set(Object.values(memberAssignment).flat()), sameMember);
      this.#aliveAt = performance.now();
      this.#state = 'joined';
      this.#options.handler.joined?.();
      this.#joined();
      this.#feeds.wake();
      void this.#checkPartitionCount();
    } catch (error) {
      void this.#fail(this.#connection.failure(error, 'take over partitions'));
    }
  }

  #assign(assigned: ReadonlySet<number>, sameMember: boolean): void {
    for (const partition of [...this.#held.keys()]) if (!sameMember || !assigned.has(partition)) this.#release(partition);
    const added = [...assigned].filter((partition) => !this.#held.has(partition)).toSorted((a, b) => a - b);
    for (const partition of added) this.#take(partition);
  }

  #take(partition: number): void {
    const holding = { released: new AbortController() };
    this.#held.set(partition, holding);
    void this.#open(partition, holding, this.#options.handler.positions(partition));
  }

  #release(partition: number): void {
    this.#held.get(partition)?.released.abort();
    this.#held.delete(partition);
    this.#feeds.remove(partition);
    this.#committer.forget(partition);
    this.#options.handler.revoked(partition);
  }

  /** kafkajs joins again when it learns of new partitions, and keys would from then on go elsewhere than their state is. */
  async #checkPartitionCount(): Promise<void> {
    try {
      const count = await commonPartitionCount(this.#connection, this.#options.topics);
      if (count !== this.#partitionCount) throw partitionCountChanged(this.#options.topics, [this.#partitionCount, count]);
    } catch (error) {
      // A topic that stays away ends the member too, by its fetches.
      if (!isTransient(error) && !isMissingTopic(error)) void this.#fail(this.#connection.failure(error, 'check the partitions'));
    }
  }

  /** Compares the positions with what the log holds, and begins to fetch. */
  async #open(partition: number, { released: { signal } }: Holding, positions: ReadonlyMap<string, number>): Promise<void> {
    const { topics, handler } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const found = await rangesOf(this.#connection, topics, [partition], signal);
        if (signal.aborted) return;
        const ranges = new Map(topics.map((topic) => [topic, found.get(topic)!.get(partition)!]));
        try {
          handler.ready(partition, ranges);
        } catch (error) {
          this.#connection.log('error', 'A partition was not taken up and stays stopped', { partition, error: String(error) });
          return;
        }
        for (const [topic, { low, end }] of ranges) {
          const position = positions.get(topic) ?? low;
          if (position < low || position > end)
            return this.#failPartition(partition, offsetOutOfRange(topic, partition, position, low, end));
        }
        if (signal.aborted) return;
        for (const [topic, { low, end }] of ranges) this.#feeds.add(topic, partition, positions.get(topic) ?? low, end);
        return this.#feeds.wake();
      } catch (error) {
        if (!isTransient(error)) return this.#fail(this.#connection.failure(error, `open partition ${partition}`));
        await backOff(attempt, signal);
      }
    }
  }

  #onCrash({ error, restart }: ConsumerCrashEvent['payload']): void {
    this.#joinsAgain();
    if (restart)
      return this.#connection.log('warn', 'The group member lost its connection and joins again', {
        group: this.#options.group,
        error: String(error),
      });
    void this.#fail(this.#connection.failure(error, `stay in group ${this.#options.group}`));
  }

  #failPartition(partition: number, error: Error): void {
    if (!this.#isMember) return;
    this.stopPartition(partition);
    this.#options.handler.failed(error, partition);
  }

  async #fail(error: Error): Promise<void> {
    if (!this.#isMember) return;
    this.#state = 'failed';
    await this.#leave();
    this.#notJoined(error);
    this.#options.handler.failed(error);
  }

  async #leave(): Promise<void> {
    this.#leaving.abort();
    clearInterval(this.#watch);
    for (const { released } of this.#held.values()) released.abort();
    await Promise.all([this.#feeds.close(), settledWithin(this.#consumer.disconnect(), LEAVES_WITHIN_MS)]);
    await this.#connection.closeCluster(this.#cluster);
  }

  async stop(): Promise<void> {
    if (this.#isMember) this.#state = 'stopping';
    await this.#leave();
    this.#notJoined(new TipstreamError('log_failed', 'The member was stopped before it had joined'));
  }

  async commit(partition: number, positions: ReadonlyMap<string, number>): Promise<void> {
    if (this.#held.has(partition) && this.#isMember) await this.#committer.commit(partition, positions);
  }

  resume(topic: string, partition: number): void {
    this.#feeds.resume(topic, partition);
  }

  stopPartition(partition: number): void {
    this.#held.get(partition)?.released.abort();
    this.#feeds.remove(partition);
  }

  restart(partition: number): void {
    if (!this.#held.has(partition) || !this.#isMember) return;
    this.stopPartition(partition);
    try {
      this.#take(partition);
    } catch (error) {
      void this.#fail(this.#connection.failure(error, 'take over partitions'));
    }
  }

  async owners(): Promise<ReadonlyMap<number, string>> {
    const holders = (await this.holders()) ?? new Map<number, Holder>();
    return new Map([...holders].flatMap(([partition, { address }]) => (address === null ? [] : [[partition, address]])));
  }

  holders(): Promise<ReadonlyMap<number, Holder> | undefined> {
    const { group, topics } = this.#options;
    return groupHolders(this.#connection, group, { memberId: this.#memberId, topics });
  }
}

async function commonPartitionCount(connection: Connection, topics: readonly string[]): Promise<number> {
  const counts = new Set<number>();
  for (const [index, topic] of topics.entries()) counts.add((await partitionsOf(connection.reading, topic, index === 0)).length);
  if (counts.size > 1) throw partitionCountChanged(topics, [...counts]);
  const [count] = counts;
  if (count === undefined) throw new TipstreamError('invalid_argument', 'A group needs at least one topic');
  return count;
}

function partitionCountChanged(topics: readonly string[], counts: readonly number[]): TipstreamError {
  return new TipstreamError('partition_count_changed', `The topics do not have the same number of partitions: ${counts.join(', ')}`, {
    hint: 'A user must have the same partition in every topic: create the topics anew with one count, and copy the records.',
    details: { topics, counts },
  });
}
