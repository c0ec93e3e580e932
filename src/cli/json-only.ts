/**
 * While the log is JSON, whatever else this process would write to stderr becomes a line of it: Node's own warnings and the error that
 * ends the process.
 */
import type { Logger } from 'pino';
import type { FailureOutput } from './failure.js';

export function logWhatNodeSays(logger: Logger): void {
  process.removeAllListeners('warning'); // Node's own, which prints
  process.on('warning', ({ name, message, ...warning }: Error & { code?: string }) =>
    logger.warn({ name, ...(warning.code === undefined ? {} : { code: warning.code }) }, message),
  );
  process.on('uncaughtException', (error) => {
    logger.fatal({ code: 'internal', err: error }, `the service ended by a defect: ${error.message} [internal]`);
    process.exit(1);
  });
}

/** What is said whatever --log-level is: each as one line of the log. */
export function logOutput(logger: Logger): FailureOutput {
  const always = logger.child({}, { level: 'info' });
  return {
    note: (text) => always.info(text),
    error: (message, hint, code) => always.fatal({ code, hint }, message),
    line: () => Promise.resolve(),
  };
}
