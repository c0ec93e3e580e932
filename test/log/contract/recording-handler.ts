/**
 * A partition handler that writes down every call, keeps positions as a partition's owner does, and notices calls that the port
 * does not allow. Members of one group share a `Positions`, as real members share the partitions' files.
 */
import type { Delivery, LogRecord, OffsetRange, PartitionHandler } from '../../../src/log/port.js';
import type { ContractContext } from './fixture.js';

export type Positions = Map<number, Map<string, number>>;

type HandlerCall =
  | { readonly kind: 'positions' | 'revoked'; readonly partition: number }
  | { readonly kind: 'ready'; readonly partition: number; readonly ranges: ReadonlyMap<string, OffsetRange> }
  | { readonly kind: 'deliver'; readonly partition: number; readonly delivery: Delivery }
  | { readonly kind: 'failed'; readonly error: Error; readonly partition: number | undefined };

/** `order` counts the calls of all handlers of this process, so that those of several members can be compared. */
export type HandlerEvent = HandlerCall & { readonly order: number };

let calls = 0;

export interface Reactions {
  /** A throw stops the partition. */
  onReady?(partition: number, ranges: ReadonlyMap<string, OffsetRange>): void;
  /** false pauses the topic and partition. */
  accept?(delivery: Delivery): boolean;
}

export class RecordingHandler implements PartitionHandler {
  readonly events: HandlerEvent[] = [];
  readonly violations: string[] = [];
  readonly owned = new Set<number>();
  readonly #ready = new Set<number>();
  readonly #paused = new Set<string>();
  readonly #records = new Map<string, LogRecord[]>();
  readonly #waiting = new Set<() => void>();
  #stopped = false;

  constructor(
    private readonly context: ContractContext,
    readonly stored: Positions = new Map(),
    private readonly reactions: Reactions = {},
  ) {}

  positions(partition: number): ReadonlyMap<string, number> {
    this.#require(!this.owned.has(partition), `positions(${partition}) of a partition already assigned`);
    this.owned.add(partition);
    this.#note({ kind: 'positions', partition });
    return new Map(this.stored.get(partition));
  }

  ready(partition: number, ranges: ReadonlyMap<string, OffsetRange>): void {
    this.#require(this.owned.has(partition), `ready(${partition}) before positions`);
    this.#require(!this.#ready.has(partition), `ready(${partition}) twice`);
    this.#note({ kind: 'ready', partition, ranges });
    this.reactions.onReady?.(partition, ranges);
    this.#ready.add(partition);
  }

  deliver(delivery: Delivery): boolean {
    const { topic, partition, fromOffset, nextOffset, endOffset, records } = delivery;
    const what = `deliver(${topic}/${partition} ${fromOffset}-${nextOffset})`;
    this.#require(!this.#stopped, `${what} after stop`);
    this.#require(this.#ready.has(partition), `${what} before ready`);
    this.#require(!this.#paused.has(`${topic}/${partition}`), `${what} while paused`);
    const stored = this.stored.get(partition) ?? new Map<string, number>();
    const position = stored.get(topic);
    this.#require(position === undefined || position === fromOffset, `${what} at position ${position}`);
    this.#require(nextOffset > fromOffset && nextOffset <= endOffset, `${what} with end ${endOffset}`);
    let least = fromOffset;
    for (const record of records) {
      this.#require(record.topic === topic && record.partition === partition, `${what} holds ${record.topic}/${record.partition}`);
      this.#require(record.offset >= least && record.offset < nextOffset, `${what} holds offset ${record.offset} at ${least}`);
      least = record.offset + 1;
    }
    this.stored.set(partition, stored.set(topic, nextOffset));
    this.records(topic, partition).push(...records);
    const goOn = this.reactions.accept?.(delivery) ?? true;
    if (!goOn) this.#paused.add(`${topic}/${partition}`);
    this.#note({ kind: 'deliver', partition, delivery });
    return goOn;
  }

  revoked(partition: number): void {
    this.#require(this.owned.delete(partition), `revoked(${partition}) of a partition not assigned`);
    this.#ready.delete(partition);
    for (const name of this.#paused) if (name.endsWith(`/${partition}`)) this.#paused.delete(name);
    this.#note({ kind: 'revoked', partition });
  }

  failed(error: Error, partition?: number): void {
    this.#note({ kind: 'failed', error, partition });
  }

  /** To be called just before the member's own `resume`. */
  resuming(topic: string, partition: number): void {
    this.#paused.delete(`${topic}/${partition}`);
  }

  /** To be called just before the member's own `restart`: from then on the calls are those of a new assignment. */
  restarting(partition: number): void {
    this.owned.delete(partition);
    this.#ready.delete(partition);
    for (const name of this.#paused) if (name.endsWith(`/${partition}`)) this.#paused.delete(name);
  }

  /** To be called when the member's `stop` has resolved. */
  stopped(): void {
    this.#stopped = true;
  }

  records(topic: string, partition: number): LogRecord[] {
    const name = `${topic}/${partition}`;
    const records = this.#records.get(name) ?? [];
    this.#records.set(name, records);
    return records;
  }

  count(topic: string): number {
    let count = 0;
    for (const [name, records] of this.#records) if (name.startsWith(`${topic}/`)) count += records.length;
    return count;
  }

  kinds(partition: number): string[] {
    return this.events.flatMap((event) => ('partition' in event && event.partition === partition ? [event.kind] : []));
  }

  /** The order of the first or last call of a kind for a partition. */
  orderOf(which: 'first' | 'last', kind: 'positions' | 'deliver' | 'revoked', partition: number): number | undefined {
    const isMeant = (event: HandlerEvent) => event.kind === kind && event.partition === partition;
    return (which === 'first' ? this.events.find(isMeant) : this.events.findLast(isMeant))?.order;
  }

  /** Resolves when the condition holds, which is looked at after every call of the handler. */
  async until(condition: () => boolean, what: string): Promise<void> {
    let check = () => {};
    const reached = new Promise<void>((resolve) => {
      check = () => condition() && resolve();
      this.#waiting.add(check);
      check();
    });
    try {
      await this.context.within(
        reached,
        `${what}; seen: ${this.events
          .map((event) => event.kind)
          .join(' ')
          .slice(-300)}`,
      );
    } finally {
      this.#waiting.delete(check);
    }
  }

  #note(call: HandlerCall): void {
    calls += 1;
    this.events.push({ ...call, order: calls });
    for (const check of [...this.#waiting]) check();
  }

  #require(holds: boolean, violation: string): void {
    if (!holds) this.violations.push(violation);
  }
}
