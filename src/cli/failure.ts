/** What an error becomes: lines on stderr, a document on stdout for readers of JSON, and the exit code. */
import { asNotLoaded, TipstreamError, type ErrorCode } from '../errors.js';
import type { Output } from './output/output.js';

export const EXIT = {
  ok: 0,
  error: 1,
  differs: 2,
  usage: 64,
  outputFailed: 74,
  interrupted: 130,
  readerLeft: 141,
  terminated: 143,
} as const;

/** The exit code of an error, by what happened and not by which command says so; any other is 1. docs/operating.md has the same table. */
const EXIT_OF: Readonly<Partial<Record<ErrorCode, number>>> = {
  invalid_argument: EXIT.usage,
  policy_not_found: EXIT.usage,
  not_promotable: EXIT.differs,
  not_enough_data: EXIT.differs,
  output_failed: EXIT.outputFailed,
};

export function exitCodeOf(code: ErrorCode): number {
  return EXIT_OF[code] ?? EXIT.error;
}

/** Where a failure is said: an Output, or lines of a log that also keep the code apart. */
export interface FailureOutput extends Pick<Output, 'note' | 'line'> {
  error(message: string, hint?: string, code?: ErrorCode): void;
}

/**
 * With `json`, an error is also a line of JSON on stdout, whatever the command prints there, so that a reader of JSON finds it where it
 * looks for data.
 */
export async function reportFailure(error: unknown, output: FailureOutput, json: boolean): Promise<number> {
  const failure = asTipstreamError(error);
  const { code, message, hint, details } = failure;
  output.error(`${message} [${code}]`, hint, code);
  if (code === 'internal' && failure.cause instanceof Error && process.env.TIPSTREAM_DEBUG) output.note(failure.cause.stack ?? '');
  if (json) {
    await output.line({
      error: { code, message, ...(hint === undefined ? {} : { hint }), ...(details === undefined ? {} : { details }) },
    });
  }
  return exitCodeOf(code);
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
