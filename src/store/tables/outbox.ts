/** Messages of committed batches that the log has not acknowledged. They leave this table only after the log has acknowledged them. */
import type Database from 'better-sqlite3';
import type { RecordHeaders } from '../../log/port.js';

export interface OutboxMessage {
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
}

export interface StoredMessage extends OutboxMessage {
  readonly seq: number;
}

type Row = [seq: number, topic: string, key: Buffer | null, value: Buffer | null, headers: string | null];

export class OutboxTable {
  readonly #insert: Database.Statement;
  readonly #after: Database.Statement<[number, number], Row>;
  readonly #upTo: Database.Statement<[number], Row>;
  readonly #last: Database.Statement<[], number>;
  readonly #delete: Database.Statement<[number, number]>;
  readonly #deleteOthers: Database.Statement<[string]>;

  constructor(db: Database.Database) {
    this.#insert = db.prepare('INSERT INTO outbox (topic, key, value, headers) VALUES (?, ?, ?, ?)');
    this.#after = db
      .prepare<[number, number], Row>('SELECT seq, topic, key, value, headers FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?')
      .raw();
    this.#upTo = db.prepare<[number], Row>('SELECT seq, topic, key, value, headers FROM outbox WHERE seq <= ? ORDER BY seq').raw();
    this.#last = db.prepare<[], number>('SELECT coalesce(max(seq), 0) FROM outbox').pluck();
    this.#delete = db.prepare<[number, number]>('DELETE FROM outbox WHERE seq > ? AND seq <= ?');
    this.#deleteOthers = db.prepare<[string]>('DELETE FROM outbox WHERE topic NOT IN (SELECT value FROM json_each(?))');
  }

  add(message: OutboxMessage): StoredMessage {
    const headers =
      message.headers.length === 0
        ? null
        : JSON.stringify(message.headers.map(([name, value]) => [name, value?.toString('base64') ?? null]));
    const seq = Number(this.#insert.run(message.topic, message.key, message.value, headers).lastInsertRowid);
    return { seq, ...message };
  }

  /** The number of the newest message that is in the table; 0 when it is empty. */
  last(): number {
    return this.#last.get()!;
  }

  /** In the order they were added. */
  after(seq: number, limit: number): StoredMessage[] {
    return this.#after.all(seq, limit).map(messageOf);
  }

  /** In the order they were added. */
  upTo(seq: number): StoredMessage[] {
    return this.#upTo.all(seq).map(messageOf);
  }

  deleteBetween(after: number, upTo: number): void {
    this.#delete.run(after, upTo);
  }

  /** Those of other topics than these. */
  deleteOthers(topics: readonly string[]): void {
    this.#deleteOthers.run(JSON.stringify(topics));
  }
}

function messageOf([seq, topic, key, value, headers]: Row): StoredMessage {
  return { seq, topic, key, value, headers: headers === null ? [] : headersOf(headers) };
}

function headersOf(headers: string): RecordHeaders {
  return (JSON.parse(headers) as [string, string | null][]).map(
    ([name, text]) => [name, text === null ? null : Buffer.from(text, 'base64')] as const,
  );
}
