import { TipstreamError } from '../errors.js';
import type { Log } from '../log/port.js';
import { topicsWith } from '../topics.js';

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
    throw topicNotFound(topic);
  }
}

/** With their prefix, whatever it is. */
const isOfActivity = (topic: string): boolean => topicsWith({ folds: 'rows' }).some((name) => topic.endsWith(name));

function topicNotFound(topic: string): TipstreamError {
  return new TipstreamError('topic_not_found', `there is no topic ${topic}`, {
    hint: isOfActivity(topic)
      ? 'It is folded with --features core,activity alone: give that option to `tipstream topics create` and to the service.'
      : 'Create the topics with `tipstream topics create`.',
    details: { topic },
  });
}
