/**
 * Whether the log is still the same while partitions run. A topic that is deleted, made anew and filled beyond what was applied, all
 * between two fetches, or a log that loses its tail to an unclean election, goes on at offsets that fit; and once its records are
 * applied, so is the newest of them. So what was applied last is remembered from look to look, and it is the older one that the log
 * must still hold.
 */
import { TipstreamError } from '../errors.js';
import type { Log, OffsetRange } from '../log/port.js';
import type { AppliedRecord } from '../log/record-hash.js';
import { checkLogIdentity } from '../log/checks/identity.js';

/** A partition that is held here. */
export interface Watched {
  readonly number: number;
  readonly reader: { readonly path: string; lastApplied(): ReadonlyMap<string, AppliedRecord> };
  /** Stops it for good. */
  fail(error: TipstreamError): void;
}

export class LogWatch {
  readonly #log: Log;
  readonly #topics: readonly string[];
  /** Partition -> what had been applied last of each topic at the last look. */
  readonly #remembered = new Map<number, ReadonlyMap<string, AppliedRecord>>();

  /** @param topics full names of all that is applied */
  constructor(log: Log, topics: readonly string[]) {
    this.#log = log;
    this.#topics = topics;
  }

  /**
   * One after the other, so that it never asks much of the log at once. Throws when the log is away: what is remembered stays for the
   * next look.
   */
  async look(held: readonly Watched[]): Promise<void> {
    for (const partition of this.#remembered.keys())
      if (!held.some(({ number }) => number === partition)) this.#remembered.delete(partition);
    const ranges = held.some(({ number }) => this.#remembered.has(number))
      ? await this.#ranges()
      : new Map<string, ReadonlyMap<number, OffsetRange>>();
    for (const partition of held) {
      const { number, reader } = partition;
      const applied = this.#remembered.get(number);
      if (applied !== undefined && !(await this.#isSame(partition, applied, ranges))) continue;
      this.#remembered.set(number, reader.lastApplied());
    }
  }

  async #isSame(
    watched: Watched,
    applied: ReadonlyMap<string, AppliedRecord>,
    ranges: ReadonlyMap<string, ReadonlyMap<number, OffsetRange>>,
  ): Promise<boolean> {
    const {
      number: partition,
      reader: { path },
    } = watched;
    try {
      const held = new Map(this.#topics.map((topic) => [topic, ranges.get(topic)?.get(partition) ?? { low: 0, end: 0 }]));
      await checkLogIdentity(this.#log, { partition, path, applied, ranges: held });
      return true;
    } catch (error) {
      if (!(error instanceof TipstreamError)) throw error;
      if (error.code === 'log_changed') watched.fail(error);
      // A log that ends before is found out by whoever reads on.
      else if (error.code !== 'offset_out_of_range') throw error;
      return false;
    }
  }

  async #ranges(): Promise<Map<string, ReadonlyMap<number, OffsetRange>>> {
    return new Map(await Promise.all(this.#topics.map(async (topic) => [topic, await this.#log.offsets(topic)] as const)));
  }
}
