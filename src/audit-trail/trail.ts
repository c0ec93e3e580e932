/**
 * The audit trail as the service writes it. `note` returns at once: an answer does not wait for its entry. Entries are appended in the
 * order in which they were noted, all that wait in one append:
 *
 *     note --> waiting --(one append at a time)--> tipstream.audit
 *                 +--(the log refuses, or MOST_WAITING wait)--> onLost
 *
 * An entry that could not be written is not tried again: the change that it tells of stands or falls without it, and a log that is away
 * must not fill this memory. `onLost` gets it whole.
 */
import type { AuditEvent } from '../events/audit-event.js';
import type { Log } from '../log/port.js';
import { ProducedSums, type Produced } from './produced.js';
import { auditEvent, auditRecord, type AuditedChange } from './record.js';

export interface AuditTrailOptions {
  /** Every call must come to an end. */
  readonly log: Pick<Log, 'append'>;
  readonly topicPrefix: string;
  /** Unix ms. */
  readonly clock: () => number;
  readonly onWritten: (entries: number) => void;
  readonly onLost: (entries: readonly AuditEvent[], error: unknown) => void;
}

const MOST_WAITING = 10_000;
const MOST_AT_ONCE = 500;

export class AuditTrail {
  readonly #options: AuditTrailOptions;
  readonly #produced = new ProducedSums();
  #waiting: AuditEvent[] = [];
  #writing: Promise<void> | undefined;

  constructor(options: AuditTrailOptions) {
    this.#options = options;
  }

  note(change: AuditedChange): void {
    const event = auditEvent(change, this.#options.clock());
    if (this.#waiting.length >= MOST_WAITING)
      return this.#options.onLost([event], new Error(`${MOST_WAITING} entries of the audit trail wait already`));
    this.#waiting.push(event);
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
  }

  /** Becomes an entry with the next `flush`, together with others of the caller. */
  produced(request: Produced): void {
    this.#produced.add(request, this.#options.clock());
  }

  /** Resolves when all that was noted is written, or lost. Never rejects. */
  async flush(): Promise<void> {
    for (const change of this.#produced.take()) this.note(change);
    while (this.#writing !== undefined) await this.#writing;
  }

  async #write(): Promise<void> {
    await Promise.resolve(); // so that what is noted in one turn goes in one append
    const { log, topicPrefix, onWritten, onLost } = this.#options;
    while (this.#waiting.length > 0) {
      const entries = this.#waiting.slice(0, MOST_AT_ONCE);
      try {
        await log.append(entries.map((entry) => auditRecord(topicPrefix, entry)));
        onWritten(entries.length);
      } catch (error) {
        onLost(entries, error);
      }
      this.#waiting.splice(0, entries.length);
    }
  }
}
