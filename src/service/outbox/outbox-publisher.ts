/**
 * Publishes the outbox of committed batches: in order, one append at a time, until the log has it. A crash between append and the
 * deletion of what was acknowledged repeats messages, with the same content; it loses and alters none.
 */
import { backOffMs, pause, PUBLISHING } from '../../back-off.js';
import { TipstreamError } from '../../errors.js';
import type { FaultHook } from '../../fault-points.js';
import { answeredWithin } from '../../log/deadline.js';
import type { Log } from '../../log/port.js';
import type { StoredMessage } from '../../store/tables/outbox.js';
import { publishSpans } from './publish-spans.js';
import { deliverOtherwise, isDeadLetter, isRefusal } from './refused-dead-letter.js';

export interface PublisherOptions {
  readonly partition: number;
  /** Where messages too large even for their -dlt topic are kept whole. */
  readonly overflowDirectory: string;
  readonly clock: () => number;
  /** These messages, and all before them, are in the log. */
  readonly onPublished: (messages: readonly StoredMessage[]) => void;
  readonly onRetry: (error: Error, attempt: number) => void;
  readonly onOverflow: (topic: string, path: string, bytes: number) => void;
  /** A dead letter that its topic does not take in any form, or that no file could be written for. */
  readonly onUndelivered: (topic: string, why: unknown, path: string | undefined) => void;
  /** Sending had to stop; what is unsent stays in the state file. */
  readonly onFailed: (error: unknown) => void;
  readonly at?: FaultHook | undefined;
}

/** Who waits for a message to be in the log. */
interface Reached {
  readonly seq: number;
  readonly resolve: () => void;
  readonly reject: (error: TipstreamError) => void;
}

const BATCH_MESSAGES = 1_000;
const BATCH_BYTES = 512 * 1024;

export class OutboxPublisher {
  readonly #log: Log;
  readonly #options: PublisherOptions;
  #waiting: StoredMessage[] = [];
  #published = 0;
  #sending = false;
  /** The newest; settled when nothing is being sent. */
  #running = Promise.resolve();
  readonly #stopping = new AbortController();
  /** Of the append under way, if any: settled when the log has answered. */
  #underWay: Promise<unknown> = Promise.resolve();
  /** While held: resolves on release. */
  #released: Promise<void> | undefined;
  #release: () => void = () => undefined;
  #reached: Reached[] = [];

  constructor(log: Log, options: PublisherOptions) {
    this.#log = log;
    this.#options = options;
  }

  /** Messages not yet acknowledged. */
  get backlog(): number {
    return this.#waiting.length;
  }

  /** The last sequence number of this run that the log has; 0 before the first. */
  get publishedTo(): number {
    return this.#published;
  }

  /** Messages of a committed batch. Sending starts at once. */
  add(messages: readonly StoredMessage[]): void {
    for (const message of messages) this.#waiting.push(message);
    if (this.#sending || this.#waiting.length === 0 || this.#stopping.signal.aborted) return;
    this.#sending = true;
    this.#running = this.#run();
    this.#running.catch(this.#options.onFailed);
  }

  /** Resolves when everything so far is acknowledged, or sending has stopped. */
  async flush(): Promise<void> {
    while (this.#sending) await this.#running.catch(() => undefined);
  }

  /**
   * Resolves when the log has `seq`; rejects with not_ready when sending stops before, and with log_unavailable when it takes longer than
   * that: sending goes on.
   */
  async reached(seq: number, withinMs: number): Promise<void> {
    if (seq <= this.#published) return;
    if (this.#stopping.signal.aborted) throw this.#givenUp();
    let entry: Reached | undefined;
    const reached = new Promise<void>((resolve, reject) => this.#reached.push((entry = { seq, resolve, reject })));
    await answeredWithin(withinMs, reached, () => {
      this.#reached = this.#reached.filter((each) => each !== entry);
      return this.#notYet(withinMs);
    });
  }

  #notYet(withinMs: number): TipstreamError {
    const { partition } = this.#options;
    return new TipstreamError(
      'log_unavailable',
      `the log did not take the decision of partition ${partition} within ${withinMs / 1000} s`,
      {
        hint: 'Ask again with the same decision_id: the decision is made once, keeps its content and will be published.',
        details: { partition, timeout_ms: withinMs },
      },
    );
  }

  /** Sends nothing more until `release`; resolves when the log has answered what is under way. What is added meanwhile waits. */
  async hold(): Promise<void> {
    this.#released ??= new Promise((resolve) => (this.#release = resolve));
    await this.#underWay.catch(() => undefined);
  }

  release(): void {
    this.#released = undefined;
    this.#release();
  }

  /** Drops what is unsent; it is sent when the partition is next opened. */
  stop(): void {
    this.#stopping.abort();
    this.release();
    for (const { reject } of this.#reached.splice(0)) reject(this.#givenUp());
  }

  #givenUp(): TipstreamError {
    return new TipstreamError('not_ready', `partition ${this.#options.partition} was revoked before the log acknowledged the decision`, {
      hint: 'Ask again with the same decision_id: the decision is made once and will be published.',
    });
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.length > 0 && !this.#stopping.signal.aborted) {
        const batch = this.#nextBatch();
        await this.#send(batch);
        this.#waiting = this.#waiting.slice(batch.length);
        this.#published = batch.at(-1)!.seq;
        this.#options.onPublished(batch);
        const reached = this.#reached.filter(({ seq }) => seq <= this.#published);
        if (reached.length > 0) this.#reached = this.#reached.filter(({ seq }) => seq > this.#published);
        for (const { resolve } of reached) resolve();
      }
    } finally {
      this.#sending = false; // in the same turn as the last look at what waits, or what is added between would wait for more
    }
  }

  #nextBatch(): StoredMessage[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length && count < BATCH_MESSAGES) {
      bytes += sizeOf(this.#waiting[count]!);
      if (count > 0 && bytes > BATCH_BYTES) break;
      count++;
    }
    return this.#waiting.slice(0, count);
  }

  /** A bad record never stops its partition: what the log refuses of dead letters is kept elsewhere. */
  async #send(batch: readonly StoredMessage[]): Promise<void> {
    try {
      await this.#append(batch);
    } catch (error) {
      if (this.#stopping.signal.aborted || !isRefusal(error)) throw error;
      if (batch.length > 1) for (const each of batch) await this.#send([each]);
      else if (isDeadLetter(batch[0]!)) await this.#deliverOtherwise(batch[0]!, error);
      else throw error;
    }
  }

  #deliverOtherwise(message: StoredMessage, error: TipstreamError): Promise<void> {
    const { overflowDirectory, partition, clock, onOverflow, onUndelivered } = this.#options;
    return deliverOtherwise(message, error, {
      directory: overflowDirectory,
      partition,
      clock,
      append: (other) => this.#append([other]),
      onKept: (path, bytes) => onOverflow(message.topic, path, bytes),
      onUndelivered: (why, path) => onUndelivered(message.topic, why, path),
    });
  }

  async #append(batch: readonly StoredMessage[]): Promise<void> {
    const end = publishSpans(batch);
    try {
      await this.#appendUntilTaken(batch);
      end();
    } catch (error) {
      end(error);
      throw error;
    }
  }

  async #appendUntilTaken(batch: readonly StoredMessage[]): Promise<void> {
    const { partition, clock, onRetry, at } = this.#options;
    for (let attempt = 1; ; attempt++) {
      if (this.#released !== undefined) await this.#released;
      if (this.#stopping.signal.aborted) throw this.#givenUp();
      try {
        const timestampMs = clock();
        at?.('publish: before');
        const sent = this.#log.append(
          batch.map(({ topic, key, value, headers }) => ({ topic, key, value, headers, partition, timestampMs })),
        );
        this.#underWay = sent;
        at?.('publish: under way');
        await sent;
        at?.('publish: after');
        return;
      } catch (error) {
        if (this.#stopping.signal.aborted || !(error instanceof TipstreamError && error.retryable)) throw error;
        onRetry(error, attempt);
        await pause(backOffMs(PUBLISHING, attempt), this.#stopping.signal);
        if (this.#stopping.signal.aborted) throw error;
      }
    }
  }
}

function sizeOf(message: StoredMessage): number {
  return (
    (message.key?.length ?? 0) +
    (message.value?.length ?? 0) +
    message.headers.reduce((sum, [name, value]) => sum + name.length + (value?.length ?? 0), 64)
  );
}
