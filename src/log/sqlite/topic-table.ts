/** The topics of a log file. A topic never changes once created, so what was read is kept. */
import type { Database, Statement } from 'better-sqlite3';
import { TipstreamError } from '../../errors.js';
import type { TopicDescription, TopicSettings } from '../port.js';
import { topicNotFound } from './failures.js';

/** What Kafka allows too, so that the same names work on both logs. */
const TOPIC_NAME = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/;
export const MAX_PARTITIONS = 10_000;

export interface Topic extends TopicSettings {
  readonly id: number;
}

export class TopicTable {
  readonly #known = new Map<string, Topic>();
  readonly #select: Statement<[string], TopicRow>;
  readonly #insert: Statement;
  readonly #insertPartition: Statement;

  constructor(database: Database) {
    this.#select = database.prepare<[string], TopicRow>('SELECT * FROM topic WHERE name = ?');
    this.#insert = database.prepare(
      'INSERT INTO topic (name, partitions, retention_ms, cleanup_policy, max_message_bytes) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#insertPartition = database.prepare('INSERT INTO partition (topic_id, partition, low_offset, next_offset) VALUES (?, ?, 0, 0)');
  }

  find(name: string): Topic | undefined {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const row = this.#select.get(name);
    if (row === undefined) return undefined;
    const topic: Topic = {
      id: row.topic_id,
      name: row.name,
      partitions: row.partitions,
      retentionMs: row.retention_ms,
      cleanupPolicy: row.cleanup_policy,
      maxMessageBytes: row.max_message_bytes,
    };
    this.#known.set(name, topic);
    return topic;
  }

  /** @throws topic_not_found */
  require(name: string): Topic {
    const topic = this.find(name);
    if (topic === undefined) throw topicNotFound(name);
    return topic;
  }

  /** Within a transaction. Answers the names that were missing. */
  create(topics: readonly TopicSettings[]): string[] {
    const created: string[] = [];
    for (const { name, partitions, retentionMs, cleanupPolicy, maxMessageBytes } of topics) {
      const inserted = this.#insert.run(name, partitions, retentionMs, cleanupPolicy, maxMessageBytes);
      if (inserted.changes === 0) continue;
      for (let partition = 0; partition < partitions; partition += 1) this.#insertPartition.run(inserted.lastInsertRowid, partition);
      created.push(name);
    }
    return created;
  }

  describe(names: readonly string[]): TopicDescription[] {
    return names.flatMap((name) => {
      const topic = this.find(name);
      if (topic === undefined) return [];
      const { id: _, ...description } = topic;
      return [description];
    });
  }
}

/** @throws invalid_argument */
export function checkSettings({ name, partitions }: TopicSettings): void {
  if (!TOPIC_NAME.test(name)) {
    throw new TipstreamError('invalid_argument', `${JSON.stringify(name)} cannot name a topic`, {
      hint: 'Use up to 249 letters, digits, dots, underscores and hyphens.',
      details: { topic: name },
    });
  }
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > MAX_PARTITIONS) {
    throw new TipstreamError('invalid_argument', `topic ${name} cannot have ${partitions} partitions`, {
      hint: `Choose 1 to ${MAX_PARTITIONS}.`,
      details: { topic: name, partitions },
    });
  }
}

/** @throws invalid_argument */
export function checkPartition(topic: Topic, partition: number): void {
  if (Number.isInteger(partition) && partition >= 0 && partition < topic.partitions) return;
  throw new TipstreamError('invalid_argument', `topic ${topic.name} has no partition ${partition}`, {
    hint: `Choose one of its partitions, 0 to ${topic.partitions - 1}.`,
    details: { topic: topic.name, partition, partitions: topic.partitions },
  });
}

interface TopicRow {
  readonly topic_id: number;
  readonly name: string;
  readonly partitions: number;
  readonly retention_ms: number;
  readonly cleanup_policy: 'delete' | 'compact';
  readonly max_message_bytes: number;
}
