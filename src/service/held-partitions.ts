/** The partitions that this member holds, and what is summed over them. */
import type { TipstreamError } from '../errors.js';
import type { Partition } from './partition.js';

export class HeldPartitions {
  readonly held = new Map<number, Partition>();
  /** Partitions that could not be opened or have stopped, with why. */
  readonly stopped = new Map<number, TipstreamError>();
  /** Those whose place in `held` another has taken that has not begun yet: they are read from until it has. */
  readonly #outgoing = new Map<number, Partition>();

  /** In place of the one that is held now. */
  replace(partition: Partition): void {
    const before = this.held.get(partition.number);
    this.held.set(partition.number, partition);
    if (before !== undefined) this.#outgoing.set(partition.number, before);
  }

  /** The one before has nothing left to do. */
  closeOutgoing(partition: number): void {
    const outgoing = this.#outgoing.get(partition);
    this.#outgoing.delete(partition);
    outgoing?.close();
  }

  /** From which profiles of this partition are read. */
  reading(partition: number): Partition | undefined {
    return this.#outgoing.get(partition) ?? this.held.get(partition);
  }

  /** Those that have not stopped. */
  get working(): readonly Partition[] {
    return [...this.held.values()].filter(({ number }) => !this.stopped.has(number));
  }

  /** Of every partition the one to read from. */
  get readable(): readonly Partition[] {
    return [...this.held.keys()].map((partition) => this.reading(partition)!);
  }

  /** Counts by name. */
  counts(): ReadonlyMap<string, number> {
    const sums = new Map<string, number>();
    for (const { counts } of this.readable) for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count);
    return sums;
  }

  /** Messages committed and not yet acknowledged by the log. */
  backlog(): number {
    return [...this.held.values()].reduce((sum, { backlog }) => sum + backlog, 0);
  }
}
