/** The embedded log as one life of the service sees it: it refuses, loses acknowledgements, is slow, and is gone when the process is. */
import { TipstreamError } from '../../src/errors.js';
import type { GroupMember, GroupOptions, Log, NewRecord, ReadRange, RecordAddress, TopicSettings } from '../../src/log/port.js';

/**
 * refused: nothing is written. lost: everything is written, and the caller never learns it. Both come as an error that says to try again, or as one that
 * ends the partition. crash: the process dies before or after the write.
 */
export const APPEND_FAULTS = ['refused', 'lost', 'refused for good', 'lost for good', 'crash before', 'crash after'] as const;
export type AppendFault = (typeof APPEND_FAULTS)[number];

export interface LogEvents {
  appended(records: readonly NewRecord[], addresses: readonly RecordAddress[]): void;
  faulted(fault: AppendFault): void;
  /** Throws. */
  crash(where: string): never;
  turn(): Promise<void>;
}

export class SimulatedLog implements Log {
  readonly kind: Log['kind'];
  readonly #log: Log;
  readonly #events: LogEvents;
  #cut = false;
  #slowBy = 0;
  #fault: { after: number; readonly kind: AppendFault } | undefined;

  constructor(log: Log, events: LogEvents) {
    this.#log = log;
    this.#events = events;
    this.kind = log.kind;
  }

  /** The append after the next `after` ones meets the fault. */
  arm(kind: AppendFault, after: number): void {
    this.#fault = { kind, after };
  }

  /** Appends take so many turns longer; meanwhile the workers commit on. */
  slow(turns: number): void {
    this.#slowBy = turns;
  }

  /** Nothing reaches the log any more. */
  cut(): void {
    this.#cut = true;
  }

  append(records: readonly NewRecord[]): Promise<readonly RecordAddress[]> {
    const sent = this.#append(records);
    // Whoever dies while it is under way hears no more of it.
    sent.catch(() => undefined);
    return sent;
  }

  async #append(records: readonly NewRecord[]): Promise<readonly RecordAddress[]> {
    for (let turn = 0; turn < this.#slowBy; turn++) await this.#events.turn();
    if (this.#cut) throw gone();
    const fault = this.#due();
    if (fault !== undefined) this.#events.faulted(fault);
    if (fault === 'crash before') this.#events.crash('before an append');
    if (fault === 'refused') throw new TipstreamError('log_unavailable', 'the simulated log refused');
    if (fault === 'refused for good') throw new TipstreamError('log_failed', 'the simulated log failed');
    const addresses = await this.#log.append(records);
    if (this.#cut) throw gone();
    this.#events.appended(records, addresses);
    if (fault === 'crash after') this.#events.crash('after an append');
    if (fault === 'lost') throw new TipstreamError('log_unavailable', 'the simulated log lost the acknowledgement');
    if (fault === 'lost for good') throw new TipstreamError('log_failed', 'the simulated log lost the acknowledgement and failed');
    return addresses;
  }

  async join(options: GroupOptions): Promise<GroupMember> {
    const member = await this.#log.join(options);
    // All of it as it is, whatever the port gains, but for commits.
    return new Proxy(member, {
      get: (target, name) => {
        if (name === 'commit' && this.#cut) return () => Promise.resolve();
        const found: unknown = Reflect.get(target, name, target);
        return typeof found === 'function' ? (found as (...args: unknown[]) => unknown).bind(target) : found;
      },
    });
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

  /** The world closes it. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  #due(): AppendFault | undefined {
    const fault = this.#fault;
    if (fault === undefined || fault.after-- > 0) return undefined;
    this.#fault = undefined;
    return fault.kind;
  }
}

const gone = () => new TipstreamError('log_failed', 'the process of this log is gone');
