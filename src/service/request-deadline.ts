/** The end of every request's wait: for the log, and for what waits for the log itself. */
import { TipstreamError } from '../errors.js';
import { answeredWithin, LOG_TIMEOUT_MS, withDeadlines } from '../log/deadline.js';
import type { Log } from '../log/port.js';
import type { ServiceOptions } from './options.js';

export interface RequestDeadline {
  /** What was not done in time, as in "could not <action>". */
  readonly action: string;
  /** What the caller is to know before asking again, as a whole sentence. */
  readonly hint: string;
}

type TimeoutOptions = Pick<ServiceOptions, 'logTimeoutMs'>;

/** How long one request waits for the log. */
export function logTimeoutOf({ logTimeoutMs = LOG_TIMEOUT_MS }: TimeoutOptions): number {
  return logTimeoutMs;
}

/** The log with an end to each wait. `addsUp`: for one request, whose waits add up. */
export function logForRequests(log: Log, options: TimeoutOptions, { addsUp = false } = {}): Log {
  const limitMs = logTimeoutOf(options);
  return withDeadlines(log, { questionMs: limitMs, transferMs: limitMs, addsUp, where: 'the log' });
}

/** The outcome of the work. Throws timeout when it takes longer; the work goes on then. */
export function withinDeadline<T>(limitMs: number, work: Promise<T>, { action, hint }: RequestDeadline): Promise<T> {
  return answeredWithin(
    limitMs,
    work,
    () =>
      new TipstreamError('timeout', `the log did not answer within ${limitMs / 1000} s: could not ${action}`, {
        hint,
        details: { timeout_ms: limitMs },
      }),
  );
}
