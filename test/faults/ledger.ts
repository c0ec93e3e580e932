/** What the log holds, read once, and what each record of it must come to: the side of the comparison that knows no state file. */
import { createHash } from 'node:crypto';
import { partitionFor } from '../../src/log/partitioner.js';
import type { LogRecord } from '../../src/log/port.js';
import type { RejectionCode } from '../../src/events/rejection.js';
import { deadLetterTopic, type TopicName } from '../../src/topics.js';
import type { Registry } from '../../src/projections/registry.js';
import type { ActivityEvent } from '../oracle/activity.js';
import type { History } from '../support/embedded/history.js';
import type { Written } from './broken-records.js';
import type { Produced } from './workload.js';
import type { World } from './world.js';

interface Expected {
  readonly refused?: RejectionCode;
  readonly event?: object;
}

function contentKey(topic: string, partition: number, { key, value, headers }: Pick<Written, 'key' | 'value' | 'headers'>): string {
  const hash = createHash('sha256').update(
    `${topic}/${partition}/${key === null ? '-' : key.length}/${value === null ? '-' : value.length}/`,
  );
  for (const part of [key, value, ...headers.flatMap(([name, bytes]) => [Buffer.from(name), bytes])])
    if (part !== null) hash.update(`${part.length}:`).update(part);
  return hash.digest('base64');
}

export class Ledger {
  readonly #partitions: number;
  readonly #topics: readonly string[];
  readonly #hasActivity: boolean;
  readonly #expected = new Map<string, Expected>();
  /** topic -> partition -> records */
  readonly #records = new Map<string, LogRecord[][]>();

  constructor(partitions: number, produced: readonly Produced[], { topics, kinds }: Registry) {
    this.#partitions = partitions;
    this.#topics = [...topics, 'profile.features', ...topics.map(deadLetterTopic)];
    this.#hasActivity = kinds.length > 0;
    for (const topic of this.#topics)
      this.#records.set(
        topic,
        Array.from({ length: partitions }, () => []),
      );
    for (const { record, refused, event } of produced) {
      const partition = record.partition ?? this.partitionOf(record.key!);
      this.#expected.set(contentKey(record.topic, partition, record), {
        ...(refused === undefined ? {} : { refused }),
        ...(event === undefined ? {} : { event }),
      });
    }
  }

  partitionOf(key: Buffer): number {
    return partitionFor('murmur2', key, this.#partitions);
  }

  /** Reads what has been appended since. */
  async refresh(world: World, topics: readonly string[] = this.#topics): Promise<void> {
    for (const topic of topics) {
      for (const [partition, known] of this.#records.get(topic)!.entries())
        known.push(...(await world.read(topic, partition, (known.at(-1)?.offset ?? -1) + 1)));
    }
  }

  records(topic: string): LogRecord[] {
    return this.#records.get(topic)!.flat();
  }

  end(topic: string, partition: number): number {
    return (this.#records.get(topic)![partition]!.at(-1)?.offset ?? -1) + 1;
  }

  /** Why a record must be refused; undefined for an event. */
  refusalOf(record: LogRecord): RejectionCode | undefined {
    return this.#expected.get(contentKey(record.topic, record.partition, record))?.refused;
  }

  history(settings: Pick<History, 'livePolicy' | 'settings'>): History {
    const valid = <Event>(topic: TopicName) =>
      this.records(topic)
        .filter((record) => this.refusalOf(record) === undefined)
        .map((record) => ({
          partition: record.partition,
          offset: record.offset,
          event: (this.#expected.get(contentKey(topic, record.partition, record))?.event ?? JSON.parse(record.value!.toString())) as Event,
        }));
    const activity = (topic: ActivityEvent['topic']) =>
      valid<ActivityEvent['value']>(topic).map((one) => ({ ...one, event: { topic, value: one.event } as ActivityEvent }));
    return {
      prefix: '',
      ...settings,
      served: valid('tip.served'),
      feedback: valid('tip.feedback'),
      candidates: valid('tip.candidates'),
      scored: valid('tip.scored'),
      shadow: valid('tip.scored.shadow'),
      control: valid('policy.control'),
      ...(this.#hasActivity ? { activity: (['app.session', 'signal.synced'] as const).flatMap((topic) => activity(topic)) } : {}),
    };
  }
}
