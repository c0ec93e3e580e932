/**
 * The log, as the rest of tipstream sees it: topics of partitions of records, appended and read by offset, and a consumer
 * group that hands partition p of every topic to the same member. Two implementations keep this contract, `sqlite/`
 * (embedded, the default) and `kafka/`; one suite in test/log/contract/contract.ts tests both. Nothing outside `src/log` knows which
 * one runs.
 *
 * Topic names here are full names (prefix included).
 */
import type { Payload } from '../events/decode.js';
import type { RecordAddress } from './record-address.js';

export type { RecordAddress } from './record-address.js';

/** Header pairs in the order they were written; a name may repeat, and a value may be absent, which is not the same as empty. */
export type RecordHeaders = readonly (readonly [name: string, value: Buffer | null])[];

export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Unix ms, set by the producer or by the log on append. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  /** null is a tombstone. */
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
  /**
   * What the schema registry made of the value, which stays as it lies in the log. Absent: nothing says that a schema describes the value,
   * there is no registry, or the reader asked for records as they lie.
   */
  readonly payload?: Payload | undefined;
}

export interface NewRecord {
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: RecordHeaders;
  /** Absent: murmur2 of the key; round robin when the key is null. */
  readonly partition?: number;
  /** Unix ms; absent: the clock at append. */
  readonly timestampMs?: number;
}

export interface OffsetRange {
  /** The first offset still in the log. */
  readonly low: number;
  /** The offset the next record will get (the last stable offset when transactions are open). */
  readonly end: number;
}

/** What tipstream wants of a topic when it creates or checks it. */
export interface TopicSettings {
  readonly name: string;
  readonly partitions: number;
  /** Whether `partitions` is of this topic alone. Absent: the topics share one number. */
  readonly ownPartitions?: true;
  /** -1: kept for ever. */
  readonly retentionMs: number;
  readonly cleanupPolicy: 'delete' | 'compact';
  readonly maxMessageBytes: number;
}

/** What a topic is. A null setting could not be read (no permission to describe configs). */
export interface TopicDescription {
  readonly name: string;
  readonly partitions: number;
  readonly retentionMs: number | null;
  /** -1: no limit. Absent: this kind of log has none. */
  readonly retentionBytes?: number | null;
  readonly cleanupPolicy: string | null;
  readonly maxMessageBytes: number | null;
}

/** What a schema registry was asked in the life of a process. */
export interface RegistryFacts {
  /** How requests ended -> how many. */
  readonly requests: Readonly<Record<'found' | 'unknown' | 'refused' | 'failed', number>>;
  /** Schemas that are kept. */
  readonly schemas: number;
  /** Partitions that wait for it. */
  readonly waiting: number;
}

export interface ReadRange {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  /** Exclusive. Absent: go on with new records until the signal aborts. */
  readonly to?: number;
  readonly signal?: AbortSignal;
  /** Records as they lie in the log: no registry is asked what their values stand for. */
  readonly raw?: true;
}

/** Records that are made one at a time, when they are asked for. */
export interface RecordRun extends Iterable<LogRecord> {
  readonly length: number;
  /** Of keys, values and payloads. */
  readonly bytes: number;
  timestampAt(index: number): number;
  offsetAt(index: number): number;
  recordAt(index: number): LogRecord;
}

export interface Delivery {
  readonly topic: string;
  readonly partition: number;
  /** Where reading stood before these records. */
  readonly fromOffset: number;
  /** Where reading stands after them; larger than the last record's offset + 1 where the log has gaps. */
  readonly nextOffset: number;
  /** The partition's end when this was fetched. */
  readonly endOffset: number;
  /** Ascending by offset; empty when only markers or aborted records were passed over. */
  readonly records: RecordRun;
}

/**
 * What a group member does with its partitions. For one partition the calls come in this order:
 * `positions`, then `ready`, then `deliver` any number of times, then `revoked`. `GroupMember.restart` begins again at `positions`.
 */
export interface PartitionHandler {
  /**
   * Synchronous, because kafkajs honours a seek only within the join itself. Answers the next offset per topic; a topic
   * without an entry is read from its low end.
   */
  positions(partition: number): ReadonlyMap<string, number>;
  /** The offsets the log holds, before the first delivery. A throw leaves the partition stopped: assigned, and never delivered. */
  ready(partition: number, ranges: ReadonlyMap<string, OffsetRange>): void;
  /** Takes ownership of the records at once. false: deliver no more of this topic and partition until `resume`. */
  deliver(delivery: Delivery): boolean;
  /** The partition belongs to somebody else from now on. */
  revoked(partition: number): void;
  /**
   * Partitions are about to be dealt out anew, and what is held may go to somebody else: write nothing for it until `joined`. Resolves when
   * nothing is under way, so that a new owner finds everything that was written. A log with a single member never calls it.
   */
  rejoining?(): Promise<void>;
  /** After `rejoining`, and after `revoked` for each partition that was lost: what is held is this member's again. */
  joined?(): void;
  /**
   * Without a partition: the member cannot go on and has left the group. With one: the log does not hold what comes next of that partition
   * (offset_out_of_range); it is stopped, as by `stopPartition`, and the others go on.
   */
  failed(error: Error, partition?: number): void;
}

export interface GroupOptions {
  readonly group: string;
  /** Full names; all have the same number of partitions. */
  readonly topics: readonly string[];
  readonly handler: PartitionHandler;
  /** Published to the group so that other members can name this one (an HTTP address). */
  readonly address?: string;
}

/** Who holds a partition of the topics of a member that asks. */
export interface Holder {
  /** What it published; null when it published none. */
  readonly address: string | null;
  /** The member that asks. */
  readonly isSelf: boolean;
}

export interface GroupMember {
  /** A hint for lag tools; the truth is what the handler stored. Never throws for a partition that has moved on. */
  commit(partition: number, positions: ReadonlyMap<string, number>): Promise<void>;
  resume(topic: string, partition: number): void;
  /** Stop fetching every topic of the partition for good (until it is assigned again, or restarted). */
  stopPartition(partition: number): void;
  /**
   * Begin the partition anew without a rebalance: as if it had been given up and assigned again at once. Nothing that was fetched of it
   * before is delivered after this call. The handler's `positions` is called within it; then come `ready` and the deliveries, from where
   * `positions` said, and with no topic paused. `revoked` is not called: the handler knows that it asked. A partition that was stopped
   * runs again; of one that this member does not hold (any more), and after `stop`, nothing is called.
   */
  restart(partition: number): void;
  /** partition -> why nothing of it has been delivered for a while though something may be there; empty when all is well. */
  silent?(): ReadonlyMap<number, string>;
  /** partition -> address of the member that owns it of these topics, as far as the group knows. */
  owners(): Promise<ReadonlyMap<number, string>>;
  /**
   * partition -> who was given it of these topics. A partition without an entry is read by nobody. undefined: partitions are being dealt
   * out at this moment.
   */
  holders(): Promise<ReadonlyMap<number, Holder> | undefined>;
  /** Leave the group; no delivery after it resolves. */
  stop(): Promise<void>;
}

/** A member of any group. */
export interface GroupMemberFacts {
  readonly memberId: string;
  readonly clientId: string;
  /** As the broker names it. */
  readonly host: string;
  /** topic -> what it was given. */
  readonly partitions: ReadonlyMap<string, readonly number[]>;
}

/** Any group, of whatever program. */
export interface GroupDescription {
  /** topic -> partition -> committed next offset, where there is one. */
  readonly committed: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** null: the log does not say. */
  readonly members: readonly GroupMemberFacts[] | null;
  /** Partitions are being dealt out: members are known, and what they have is not. */
  readonly isRebalancing: boolean;
}

/** A log whose records can be taken from within it: readers find gaps there, as after compaction. */
export interface Erasing {
  /** Deletes records, ascending by offset; those that are gone already are passed over. Throws topic_not_found. */
  erase(topic: string, partition: number, offsets: readonly number[]): Promise<void>;
  /**
   * Rewrites the log's file, so that neither a free page nor the write-ahead log holds what was deleted. Producers wait meanwhile, and
   * readers do not. false: a reader kept the write-ahead log from being emptied; ask again. Throws the signal's reason.
   */
  scrub(signal?: AbortSignal): Promise<boolean>;
}

export interface Log {
  readonly kind: 'sqlite' | 'kafka';
  /** Creates what is missing, changes nothing that exists; answers the names created. */
  createTopics(topics: readonly TopicSettings[]): Promise<readonly string[]>;
  /** One entry for each name that exists. */
  describeTopics(names: readonly string[]): Promise<readonly TopicDescription[]>;
  /**
   * Resolves when all are durable, in the order given per partition; answers where each went. One call at a time per partition keeps
   * order. When the signal aborts, the call rejects, and what is not on its way yet is not written any more.
   */
  append(records: readonly NewRecord[], signal?: AbortSignal): Promise<readonly RecordAddress[]>;
  /** partition -> range. Throws topic_not_found. */
  offsets(topic: string): Promise<ReadonlyMap<number, OffsetRange>>;
  /** partition -> the offset that the next record will get: beyond `end` while a transaction is open. Throws topic_not_found. */
  highWatermarks(topic: string): Promise<ReadonlyMap<number, number>>;
  /** Unix ms of the first record from `offset` on, though an open transaction holds it back from readers; null: there is none. */
  heldSince(topic: string, partition: number, offset: number): Promise<number | null>;
  /** Without a group, from any process. Yields arrays, ascending by offset. Throws offset_out_of_range below low or beyond end. */
  read(range: ReadRange): AsyncIterable<readonly LogRecord[]>;
  /** partition -> committed next offset, where there is one. */
  committed(group: string, topic: string): Promise<ReadonlyMap<number, number>>;
  /** undefined: there is no such group. */
  describeGroup(group: string): Promise<GroupDescription | undefined>;
  /**
   * What the schema registry makes of values that were read raw. Absent: there is no registry. Throws schema_registry_unavailable,
   * schema_registry_refused and the signal's reason.
   */
  withPayloads?(records: readonly LogRecord[], signal?: AbortSignal): Promise<readonly LogRecord[]>;
  /** Of this process; absent: there is no registry. */
  readonly registryFacts?: () => RegistryFacts;
  /** Resolves once the member has joined. */
  join(options: GroupOptions): Promise<GroupMember>;
  /** Absent: only the log's own retention and compaction remove records. */
  readonly erasing?: Erasing | undefined;
  close(): Promise<void>;
}
