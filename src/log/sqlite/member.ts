/**
 * A group member: reads its partitions' topics in turn, a chunk at a time, and hands each chunk over before it reads the next. It
 * lets the event loop go round between two chunks, and sleeps when every topic is read to its end, paused or stopped.
 */
import type { GroupMember, GroupOptions, Holder, OffsetRange } from '../port.js';
import { runOf } from '../record-run.js';
import type { EndWatcher } from './end-watcher.js';
import { asLogFailure, offsetOutOfRange } from './failures.js';
import type { Assignee, Group } from './group.js';
import type { RecordTable } from './record-table.js';
import type { Topic } from './topic-table.js';

/** Reading one partition of one topic. */
interface Cursor {
  readonly topic: Topic;
  readonly partition: number;
  /** The next offset to read. */
  position: number;
  isPaused: boolean;
}

export interface MemberSurroundings {
  readonly path: string;
  readonly table: RecordTable;
  readonly watcher: EndWatcher;
  commit(topic: Topic, partition: number, position: number): Promise<void>;
  /** The member has left its group. */
  left(member: Member): void;
}

export class Member implements GroupMember, Assignee {
  readonly address: string | undefined;
  readonly #assigned = new Set<number>();
  #cursors: readonly Cursor[] = [];
  /** Where in the cursors the next look for something to read begins. */
  #turn = 0;
  #isScheduled = false;
  #leaving: Promise<void> | undefined;
  readonly #unsubscribe: () => void;

  constructor(
    private readonly options: GroupOptions,
    private readonly topics: readonly Topic[],
    private readonly group: Group,
    private readonly surroundings: MemberSurroundings,
  ) {
    this.address = options.address;
    this.#unsubscribe = surroundings.watcher.subscribe({
      advanced: () => this.#wake(),
      failed: (error) => this.#fail(error),
    });
    group.join(this);
  }

  assign(partition: number): void {
    this.#assigned.add(partition);
    this.#guard(() => {
      const positions = this.options.handler.positions(partition);
      const ranges = new Map(this.topics.map((topic) => [topic.name, this.surroundings.table.range(topic.id, partition)]));
      if (!this.#isReady(partition, ranges)) return;
      const cursors = this.topics.map((topic): Cursor => {
        const range = ranges.get(topic.name)!;
        const position = positions.get(topic.name) ?? range.low;
        return { topic, partition, position, isPaused: false };
      });
      for (const { topic, position } of cursors) {
        const range = ranges.get(topic.name)!;
        if (!(position >= range.low && position <= range.end))
          return this.#failPartition(partition, offsetOutOfRange(topic.name, partition, position, range));
      }
      this.#cursors = [...this.#cursors, ...cursors];
      this.#wake();
    });
  }

  revoke(partition: number): void {
    this.#assigned.delete(partition);
    this.stopPartition(partition);
    this.#guard(() => this.options.handler.revoked(partition));
  }

  async commit(partition: number, positions: ReadonlyMap<string, number>): Promise<void> {
    if (!this.#assigned.has(partition)) return;
    const known = this.topics.filter((topic) => positions.has(topic.name));
    await Promise.all(known.map((topic) => this.surroundings.commit(topic, partition, positions.get(topic.name)!)));
  }

  resume(topic: string, partition: number): void {
    for (const cursor of this.#cursors) if (cursor.partition === partition && cursor.topic.name === topic) cursor.isPaused = false;
    this.#wake();
  }

  stopPartition(partition: number): void {
    this.#cursors = this.#cursors.filter((cursor) => cursor.partition !== partition);
  }

  restart(partition: number): void {
    if (!this.#assigned.has(partition) || this.#leaving !== undefined) return;
    this.stopPartition(partition);
    this.assign(partition);
  }

  owners(): Promise<ReadonlyMap<number, string>> {
    return Promise.resolve(this.group.owners());
  }

  holders(): Promise<ReadonlyMap<number, Holder>> {
    return Promise.resolve(this.group.holders(this));
  }

  stop(): Promise<void> {
    // The handler may ask for this from within a call; its partitions are taken away once that call has returned.
    this.#leaving ??= Promise.resolve().then(() => this.#leave());
    return this.#leaving;
  }

  #leave(): void {
    this.#unsubscribe();
    this.group.leave(this);
    this.surroundings.left(this);
  }

  #failPartition(partition: number, error: Error): void {
    this.stopPartition(partition);
    this.options.handler.failed(error, partition);
  }

  #fail(error: unknown): void {
    if (this.#leaving !== undefined) return;
    const failure = asLogFailure(error, this.surroundings.path);
    this.#leaving = Promise.resolve().then(() => {
      this.#leave();
      this.options.handler.failed(failure);
    });
  }

  /** Whatever is thrown ends the member, not the group. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(error);
    }
  }

  #isReady(partition: number, ranges: ReadonlyMap<string, OffsetRange>): boolean {
    try {
      this.options.handler.ready(partition, ranges);
      return true;
    } catch {
      // The handler's way to say that this partition shall stay stopped; it knows why.
      return false;
    }
  }

  #wake(): void {
    if (this.#isScheduled || this.#leaving !== undefined || this.#next() === undefined) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (this.#leaving === undefined) this.#guard(() => this.#deliverNext());
    });
  }

  #deliverNext(): void {
    const cursor = this.#next();
    if (cursor === undefined) return;
    const { topic, partition, position } = cursor;
    const { low, end, nextOffset, records } = this.surroundings.table.read(topic, partition, position);
    if (position < low || position > end) {
      this.#failPartition(partition, offsetOutOfRange(topic.name, partition, position, { low, end }));
      return this.#wake();
    }
    if (nextOffset > position) {
      cursor.position = nextOffset;
      // Paused before the call, so that a resume from within it is not lost.
      cursor.isPaused = true;
      const goOn = this.options.handler.deliver({
        topic: topic.name,
        partition,
        fromOffset: position,
        nextOffset,
        endOffset: end,
        records: runOf(records),
      });
      if (goOn) cursor.isPaused = false;
    }
    this.#turn += 1;
    this.#wake();
  }

  /** The next cursor in turn that has something to read. */
  #next(): Cursor | undefined {
    const count = this.#cursors.length;
    for (let step = 0; step < count; step += 1) {
      const index = (this.#turn + step) % count;
      const cursor = this.#cursors[index]!;
      if (cursor.isPaused || this.surroundings.watcher.end(cursor.topic.id, cursor.partition) <= cursor.position) continue;
      this.#turn = index;
      return cursor;
    }
    return undefined;
  }
}
