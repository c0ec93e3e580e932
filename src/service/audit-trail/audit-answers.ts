/** The audit trail of the running service: what it notes goes to the log, and what the log has is read back. */
import { forgottenTimes } from '../../log/forgotten.js';
import type { Logger } from 'pino';
import { readTrail, type AuditDocument, type TrailQuery } from '../../audit-trail/read-trail.js';
import { AuditTrail } from '../../audit-trail/trail.js';
import type { AuditEvent } from '../../events/audit-event.js';
import type { Log } from '../../log/port.js';
import type { AuditMetrics } from '../metrics/audit-metrics.js';
import type { ServiceOptions } from '../options.js';
import { within } from '../rebuild/waiting.js';
import { logForRequests, logTimeoutOf } from '../request-deadline.js';

/** What is left of a caller's patience is for the questions before, and for the answer. */
const READING_SHARE = 0.5;
const STOPS_WITHIN_MS = 1_000;

export class AuditAnswers {
  readonly trail: AuditTrail;
  readonly #log: Log;
  readonly #prefix: string;
  readonly #readsWithinMs: number;

  constructor(log: Log, options: ServiceOptions, metrics: AuditMetrics) {
    this.#log = logForRequests(log, options);
    this.#prefix = options.topicPrefix;
    this.#readsWithinMs = logTimeoutOf(options) * READING_SHARE;
    this.trail = new AuditTrail({
      log: this.#log,
      topicPrefix: options.topicPrefix,
      clock: options.clock,
      onWritten: (entries) => metrics.written(entries),
      onLost: (entries, error) => {
        metrics.lost(entries.length);
        sayLost(options.logger, entries, error);
      },
    });
  }

  /** With all that was noted before. */
  async read(query: TrailQuery): Promise<AuditDocument> {
    await within(this.#readsWithinMs, this.trail.flush());
    const signal = AbortSignal.timeout(this.#readsWithinMs);
    const forgotten = await forgottenTimes(this.#log, this.#prefix, signal);
    return readTrail(this.#log, this.#prefix, { ...query, forgotten }, signal);
  }

  /** Waits for what is still to be written, not for ever. */
  async stop(): Promise<void> {
    await within(STOPS_WITHIN_MS, this.trail.flush());
  }
}

function sayLost(logger: Logger, entries: readonly AuditEvent[], error: unknown): void {
  for (const entry of entries)
    logger.error({ err: error, entry }, 'an entry of the audit trail could not be written to the log; this line is all there is of it');
}
