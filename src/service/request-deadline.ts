/** The end of every request's wait: for the log, and for what waits for the log itself. */
import { TipstreamError } from '../errors.js';
import { answeredWithin } from '../log/deadline.js';

export interface RequestDeadline {
  /** What was not done in time, as in "could not <action>". */
  readonly action: string;
  /** What the caller is to know before asking again, as a whole sentence. */
  readonly hint: string;
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
