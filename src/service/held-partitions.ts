/** The partitions that are assigned to this member, and what is summed over them. */
import type { TipstreamError } from '../errors.js';
import type { PartitionFacts } from './metrics/partition-metrics.js';
import type { Partition } from './partition.js';
import { beforeOf, isWorking, toldState, type PartitionLife, type Stopped } from './partition-life.js';

/** Assigned, but its file could not be opened: there is nothing to read from. */
interface Unopened {
  readonly number: number;
  readonly life: Stopped;
  readonly reader?: undefined;
}

export class HeldPartitions {
  readonly #assigned = new Map<number, Partition | Unopened>();

  /** In place of the one that had its number, which it reads from until it has begun. */
  take(partition: Partition): void {
    this.#assigned.set(partition.number, partition);
  }

  couldNotOpen(number: number, error: TipstreamError): void {
    this.#assigned.set(number, { number, life: { state: 'stopped', error } });
  }

  /** Closes it; answers whether there was one that was open. */
  giveUp(number: number): boolean {
    const partition = this.get(number);
    this.#assigned.delete(number);
    partition?.close();
    return partition !== undefined;
  }

  /** The one that was opened. */
  get(number: number): Partition | undefined {
    const assigned = this.#assigned.get(number);
    return assigned?.reader === undefined ? undefined : assigned;
  }

  /** undefined: it is not assigned to this member. */
  life(number: number): PartitionLife | undefined {
    return this.#assigned.get(number)?.life;
  }

  /** Of all that are assigned, opened or not, ascending. */
  get numbers(): readonly number[] {
    return [...this.#assigned.keys()].sort((a, b) => a - b);
  }

  /** Those that were opened. */
  get held(): readonly Partition[] {
    return [...this.#assigned.values()].flatMap((assigned) => (assigned.reader === undefined ? [] : [assigned]));
  }

  /** Why those that could not be opened or have stopped did so. */
  get stopped(): ReadonlyMap<number, TipstreamError> {
    return new Map(
      [...this.#assigned.values()].flatMap(({ number, life }) => (life.state === 'stopped' ? [[number, life.error] as const] : [])),
    );
  }

  /** From which profiles of this partition are read. */
  reading(number: number): Partition | undefined {
    const partition = this.get(number);
    return partition && (beforeOf(partition.life) ?? partition);
  }

  /** Those that have not stopped. */
  get working(): readonly Partition[] {
    return this.held.filter(({ life }) => isWorking(life));
  }

  /** Of every partition the one to read from. */
  get readable(): readonly Partition[] {
    return this.held.map((partition) => beforeOf(partition.life) ?? partition);
  }

  /** For metrics, of all that are assigned. */
  facts(): PartitionFacts[] {
    return this.numbers.map((number) => {
      const life = this.life(number)!;
      const { reader, watch } = this.get(number) ?? {};
      return {
        number,
        state: toldState(life),
        code: life.state === 'stopped' ? life.error.code : undefined,
        path: reader?.path,
        lastRecordMs: watch?.lastRecordMs ?? new Map(),
        newestEventMs: watch?.newestEventMs ?? new Map(),
      };
    });
  }

  /** Counts by name. */
  counts(): ReadonlyMap<string, number> {
    const sums = new Map<string, number>();
    for (const { counts } of this.readable) for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count);
    return sums;
  }

  /** Messages committed and not yet acknowledged by the log. */
  backlog(): number {
    return this.held.reduce((sum, { backlog }) => sum + backlog, 0);
  }
}
