/** A log that breaks on command: what a partition worker sees of a crash, a lost acknowledgement or a disk that fails. */
import { TipstreamError } from '../../src/errors.js';
import type { GroupMember, GroupOptions, Log, NewRecord, ReadRange, RecordAddress, TopicSettings } from '../../src/log/port.js';

/** refused: nothing is written. unacknowledged: everything is written, and the caller never learns it. */
export type AppendFault = 'refused' | 'unacknowledged';

export class FaultyLog implements Log {
  readonly kind: Log['kind'];
  readonly #log: Log;
  #cut = false;
  #turns = 0;
  readonly #refusals: Error[] = [];
  #fault: { readonly after: number; readonly kind: AppendFault } | undefined;

  constructor(log: Log) {
    this.#log = log;
    this.kind = log.kind;
  }

  /** The append after the next `after` ones fails, and so does every later one. */
  failAppends(after: number, kind: AppendFault): void {
    this.#fault = { after, kind };
  }

  /** Appends take so many turns of the event loop longer; meanwhile the worker commits on. */
  slowAppends(turns: number): void {
    this.#turns = turns;
  }

  /** The next appends fail with these, one each; then all is well again. */
  refuseAppends(...errors: readonly Error[]): void {
    this.#refusals.push(...errors);
  }

  /** As if the process had died: nothing reaches the log any more. */
  cut(): void {
    this.#cut = true;
  }

  async append(records: readonly NewRecord[]): Promise<readonly RecordAddress[]> {
    for (let turn = 0; turn < this.#turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (this.#cut) throw broken();
    const refusal = this.#refusals.shift();
    if (refusal !== undefined) throw refusal;
    const fault = this.#fault;
    if (fault === undefined) return this.#log.append(records);
    if (fault.after > 0) {
      this.#fault = { ...fault, after: fault.after - 1 };
      return this.#log.append(records);
    }
    this.#cut = true;
    if (fault.kind === 'unacknowledged') await this.#log.append(records);
    throw broken();
  }

  async join(options: GroupOptions): Promise<GroupMember> {
    const member = await this.#log.join(options);
    return {
      commit: async (partition, positions) => (this.#cut ? undefined : member.commit(partition, positions)),
      resume: (topic, partition) => member.resume(topic, partition),
      stopPartition: (partition) => member.stopPartition(partition),
      restart: (partition) => member.restart(partition),
      owners: () => member.owners(),
      stop: () => member.stop(),
    };
  }

  createTopics(topics: readonly TopicSettings[]) {
    return this.#log.createTopics(topics);
  }

  describeTopics(names: readonly string[]) {
    return this.#log.describeTopics(names);
  }

  offsets(topic: string) {
    return this.#log.offsets(topic);
  }

  read(range: ReadRange) {
    return this.#log.read(range);
  }

  committed(group: string, topic: string) {
    return this.#log.committed(group, topic);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function broken(): TipstreamError {
  return new TipstreamError('log_failed', 'the test broke the log here');
}
