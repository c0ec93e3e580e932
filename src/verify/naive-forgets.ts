/** Who was forgotten, the obvious way: a list of (digest, topic, offset), looked through for each record with a key. */
import { createHash } from 'node:crypto';
import type { LogRecord } from '../log/port.js';
import { fullTopicName, type ForgottenEvent } from '../topics.js';
import type { ReplayedTopic } from './replayed.js';

export class NaiveForgets {
  readonly #prefix: string;
  readonly #events: ForgottenEvent[] = [];

  constructor(topicPrefix: string) {
    this.#prefix = topicPrefix;
  }

  add(event: ForgottenEvent): void {
    this.#events.push(event);
  }

  /** Whether the record is of somebody who was forgotten after it was written. */
  passesOver(topic: ReplayedTopic, { key, offset }: Pick<LogRecord, 'key' | 'offset'>): boolean {
    const name = fullTopicName(this.#prefix, topic);
    const events = this.#events.filter(({ positions }) => offset < (positions[name] ?? 0));
    if (events.length === 0 || key === null) return false;
    const digest = createHash('sha256').update(key).digest('hex');
    return events.some((event) => event.user_digest === digest);
  }

  /** Those in which there was anything to forget. */
  get topics(): ReadonlySet<ReplayedTopic> {
    const named = this.#events.flatMap(({ positions }) => Object.entries(positions).filter(([, offset]) => offset > 0));
    return new Set(named.map(([topic]) => topic.slice(this.#prefix.length) as ReplayedTopic));
  }
}
