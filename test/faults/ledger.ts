/** What the log holds, read once, and what each record of it must come to: the side of the comparison that knows no state file. */
import { createHash } from 'node:crypto';
import { partitionFor } from '../../src/log/partitioner.js';
import type { LogRecord } from '../../src/log/port.js';
import { originalHeaders } from '../../src/events/dead-letter.js';
import { REDRIVE_HEADER_PREFIX } from '../../src/events/redrive.js';
import type { RejectionCode } from '../../src/events/rejection.js';
import { deadLetterTopic, FORGOTTEN_TOPIC, type TopicName } from '../../src/topics.js';
import type { Registry } from '../../src/projections/registry.js';
import type { ActivityEvent } from '../oracle/activity.js';
import type { History } from '../support/embedded/history.js';
import type { Written } from './broken-records.js';
import { Forgets } from './forgets.js';
import type { Produced } from './workload.js';
import type { World } from './world.js';

interface Expected {
  readonly refused?: RejectionCode;
  readonly event?: object;
}

/** Of a record that was put back, those that it had before. */
const ownHeaders = (headers: Written['headers']): Written['headers'] =>
  originalHeaders(headers).filter(([name]) => !name.startsWith(REDRIVE_HEADER_PREFIX));

function contentKey(topic: string, partition: number, { key, value, headers }: Pick<Written, 'key' | 'value' | 'headers'>): string {
  const hash = createHash('sha256').update(
    `${topic}/${partition}/${key === null ? '-' : key.length}/${value === null ? '-' : value.length}/`,
  );
  for (const part of [key, value, ...ownHeaders(headers).flatMap(([name, bytes]) => [Buffer.from(name), bytes])])
    if (part !== null) hash.update(`${part.length}:`).update(part);
  return hash.digest('base64');
}

export class Ledger {
  readonly #partitions: number;
  readonly #topics: readonly string[];
  readonly #hasActivity: boolean;
  readonly #expected = new Map<string, Expected>();
  /** topic -> partition -> records, those included that were deleted later */
  readonly #records = new Map<string, LogRecord[][]>();
  /** topic -> partition -> next offset */
  readonly #ends = new Map<string, number[]>();
  readonly forgets = new Forgets();

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
      for (const [partition, known] of this.#records.get(topic)!.entries()) {
        const { records, end } = await world.read(topic, partition, (known.at(-1)?.offset ?? -1) + 1);
        known.push(...records);
        const ends = this.#ends.get(topic) ?? [];
        ends[partition] = end;
        this.#ends.set(topic, ends);
        if (topic === FORGOTTEN_TOPIC) this.forgets.read(records);
      }
    }
  }

  /** Reads everything again. Answers what was there before and is not any more. */
  async readAgain(world: World): Promise<LogRecord[]> {
    const gone: LogRecord[] = [];
    for (const topic of this.#topics) {
      for (const [partition, known] of this.#records.get(topic)!.entries()) {
        const { records } = await world.read(topic, partition, 0);
        const there = new Set(records.map(({ offset }) => offset));
        gone.push(...known.filter(({ offset }) => !there.has(offset)));
        known.splice(0, Infinity, ...records);
      }
    }
    return gone;
  }

  records(topic: string): LogRecord[] {
    return this.#records.get(topic)!.flat();
  }

  allRecords(): LogRecord[] {
    return this.#topics.flatMap((topic) => this.records(topic));
  }

  end(topic: string, partition: number): number {
    return this.#ends.get(topic)![partition]!;
  }

  /** Why a record must be refused; undefined for an event. */
  refusalOf(record: LogRecord): RejectionCode | undefined {
    return this.#expected.get(contentKey(record.topic, record.partition, record))?.refused;
  }

  /** Without the users forgotten below that offset of their partition. */
  history(settings: Pick<History, 'livePolicy' | 'settings'>, forgottenBelow?: number): History {
    const valid = <Event>(topic: TopicName) =>
      this.records(topic)
        .filter((record) => this.refusalOf(record) === undefined && !this.forgets.hides(record, forgottenBelow))
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
