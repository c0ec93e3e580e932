/** What an error becomes: lines on stderr, a document on stdout for readers of JSON, and the exit code. */
import { asNotLoaded, TipstreamError, UsageError } from '../errors.js';
import type { Output } from './output.js';

export const EXIT = { ok: 0, error: 1, differs: 2, usage: 64, interrupted: 130, terminated: 143 } as const;

/** Where a failure is said. */
export type FailureOutput = Pick<Output, 'error' | 'note' | 'document'>;

/**
 * With `document`, stdout holds one JSON document whatever happens, so that a reader of JSON finds the code where it looks for data; the
 * same is said on stderr.
 */
export async function reportFailure(error: unknown, output: FailureOutput, document: boolean): Promise<number> {
  const failure = asTipstreamError(error);
  const { code, message, hint, details } = failure;
  output.error(`${message} [${code}]`, hint);
  if (code === 'internal' && failure.cause instanceof Error && process.env.TIPSTREAM_DEBUG) output.note(failure.cause.stack ?? '');
  if (document) {
    await output.document({
      error: { code, message, ...(hint === undefined ? {} : { hint }), ...(details === undefined ? {} : { details }) },
    });
  }
  return error instanceof UsageError || code === 'policy_not_found' ? EXIT.usage : EXIT.error;
}

function asTipstreamError(error: unknown): TipstreamError {
  if (error instanceof TipstreamError) return error;
  const notLoaded = asNotLoaded(error);
  if (notLoaded !== undefined) return notLoaded;
  const message = error instanceof Error ? error.message : String(error);
  return new TipstreamError('internal', message, {
    hint: 'This is a fault in tipstream; set TIPSTREAM_DEBUG=1 to print where.',
    cause: error,
  });
}
