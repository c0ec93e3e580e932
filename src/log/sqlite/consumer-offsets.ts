/** What groups have committed: for lag tools to read, from any process. Where a member goes on is what its own state says. */
import type { Database, Statement } from 'better-sqlite3';

export class ConsumerOffsets {
  readonly #select: Statement<[string, number], [partition: number, offset: number]>;
  readonly #selectAll: Statement<[string], [topic: string, partition: number, offset: number]>;
  readonly #upsert: Statement<[string, number, number, number]>;

  constructor(database: Database) {
    this.#select = database
      .prepare<[string, number], [number, number]>(
        'SELECT partition, next_offset FROM consumer_offset WHERE group_name = ? AND topic_id = ?',
      )
      .raw(true);
    this.#selectAll = database
      .prepare<[string], [string, number, number]>(
        `SELECT topic.name, partition, next_offset FROM consumer_offset JOIN topic USING (topic_id)
         WHERE group_name = ? ORDER BY topic.name, partition`,
      )
      .raw(true);
    this.#upsert = database.prepare(
      `INSERT INTO consumer_offset (group_name, topic_id, partition, next_offset) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset`,
    );
  }

  /** topic -> partition -> next offset. */
  committedOf(group: string): Map<string, Map<number, number>> {
    const found = new Map<string, Map<number, number>>();
    for (const [topic, partition, offset] of this.#selectAll.all(group))
      found.set(topic, (found.get(topic) ?? new Map<number, number>()).set(partition, offset));
    return found;
  }

  committed(group: string, topicId: number): Map<number, number> {
    return new Map(this.#select.all(group, topicId));
  }

  /** Within a transaction. */
  commit(group: string, topicId: number, partition: number, offset: number): void {
    this.#upsert.run(group, topicId, partition, offset);
  }
}
