import type { StoredMessage } from '../../store/tables/outbox.js';

/** Messages that the log has not acknowledged, above which no further batch is taken. */
const MAX_UNPUBLISHED_MESSAGES = 4_000;

/**
 * How far the outbox has come: the newest message, what the log has acknowledged, what has been deleted. All are outbox sequence
 * numbers.
 */
export class PendingOutbox {
  #last = 0;
  #acknowledged = 0;
  #deleted = 0;

  /** The newest message. */
  get last(): number {
    return this.#last;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Whether the log is so far behind that folding should wait for it. */
  get isTooLarge(): boolean {
    return this.#last - this.#acknowledged > MAX_UNPUBLISHED_MESSAGES;
  }

  /** Whether acknowledged messages are still in the file. */
  get hasAcknowledged(): boolean {
    return this.#acknowledged > this.#deleted;
  }

  /** Messages that a committed transaction has added, ascending. */
  add(messages: readonly StoredMessage[]): void {
    const first = messages[0];
    if (first !== undefined && this.#last === 0) this.#acknowledged = this.#deleted = first.seq - 1;
    this.#last = messages.at(-1)?.seq ?? this.#last;
  }

  acknowledge(seq: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, seq);
  }

  deletedUpTo(seq: number): void {
    this.#deleted = seq;
  }
}
