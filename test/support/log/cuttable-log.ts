/**
 * A log as one process sees it, for tests that do something to its appends: all else goes through as it is, until the process is cut
 * off.
 */
import type { GroupMember, GroupOptions, Log, NewRecord, ReadRange, RecordAddress, TopicSettings } from '../../../src/log/port.js';

export abstract class CuttableLog implements Log {
  readonly kind: Log['kind'];
  protected readonly log: Log;
  protected isCut = false;

  constructor(log: Log) {
    this.log = log;
    this.kind = log.kind;
  }

  abstract append(records: readonly NewRecord[]): Promise<readonly RecordAddress[]>;

  /** As if the process had died: nothing reaches the log any more. */
  cut(): void {
    this.isCut = true;
  }

  async join(options: GroupOptions): Promise<GroupMember> {
    const member = await this.log.join(options);
    // All of it as it is, whatever the port gains, but for commits.
    return new Proxy(member, {
      get: (target, name) => {
        if (name === 'commit' && this.isCut) return () => Promise.resolve();
        const found: unknown = Reflect.get(target, name, target);
        return typeof found === 'function' ? (found as (...args: unknown[]) => unknown).bind(target) : found;
      },
    });
  }

  get erasing() {
    return this.log.erasing;
  }

  createTopics(topics: readonly TopicSettings[]) {
    return this.log.createTopics(topics);
  }

  describeTopics(names: readonly string[]) {
    return this.log.describeTopics(names);
  }

  offsets(topic: string) {
    return this.log.offsets(topic);
  }

  highWatermarks(topic: string) {
    return this.log.highWatermarks(topic);
  }

  heldSince(topic: string, partition: number, offset: number) {
    return this.log.heldSince(topic, partition, offset);
  }

  read(range: ReadRange) {
    return this.log.read(range);
  }

  committed(group: string, topic: string) {
    return this.log.committed(group, topic);
  }

  describeGroup(group: string) {
    return this.log.describeGroup(group);
  }

  /** Whoever made the log closes it. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
