import { TipstreamError } from '../errors.js';
import type { Log } from '../log/port.js';
import { howToCreate } from '../log/topic-settings.js';

/** How many partitions each topic has, asked once per topic: the number is fixed while tipstream uses it. */
export class PartitionCounts {
  readonly #log: Log;
  readonly #counts = new Map<string, Promise<number>>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Takes a full name. Throws topic_not_found. */
  of(topic: string): Promise<number> {
    let count = this.#counts.get(topic);
    if (count === undefined) {
      count = this.#ask(topic);
      this.#counts.set(topic, count);
      count.catch(() => this.#counts.delete(topic));
    }
    return count;
  }

  async #ask(topic: string): Promise<number> {
    const [description] = await this.#log.describeTopics([topic]);
    if (description) return description.partitions;
    throw new TipstreamError('topic_not_found', `there is no topic ${topic}`, { hint: howToCreate(topic), details: { topic } });
  }
}
