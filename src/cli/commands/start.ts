import type { Logger } from 'pino';
import type { Config } from '../../config.js';
import { placeOf } from '../../log/open.js';
import { defineCommand } from '../command.js';
import { EXIT, reportFailure, type FailureOutput } from '../failure.js';
import type { EndingSignal } from '../interruption.js';

/** From the signal to the end, whatever happens; before the process is ended without a word. */
const ENDS_WITHIN_MS = 4_700;

export const startCommand = defineCommand({
  name: 'start',
  summary: 'Run the partition workers and the HTTP API',
  details:
    'SIGTERM ends it with exit code 0 within five seconds, and so does Ctrl-C: the batches under way are committed and published. ' +
    'Ctrl-C ends --until-caught-up with 130 when it has not caught up. While the log is away, at start or before --until-caught-up ' +
    'has caught up, it is tried again for --start-timeout-ms.',
  examples: [
    ['tipstream start', 'embedded log in ./data, HTTP on 127.0.0.1:8080'],
    ['tipstream start --brokers localhost:9092 --shadow egreedy-v2', 'on Kafka, with v2 in the shadow'],
    ['tipstream start --until-caught-up --no-http', 'apply what is there, then exit'],
  ],
  groups: ['log', 'kafka', 'events', 'registry', 'topics', 'consumer', 'http', 'policy', 'gateway', 'start'],
  stopCode,
  async run({ config, output, signal }) {
    // Loaded here, because the other commands start faster without them.
    const [{ createLogger, logIsJson }, { logOutput, logWhatNodeSays }] = await Promise.all([
      import('../output/logger.js'),
      import('../json-only.js'),
    ]);
    const logger = createLogger(config);
    if (!logIsJson()) return run(config, logger, output, signal);
    logWhatNodeSays(logger);
    const lines = logOutput(logger);
    try {
      return await run(config, logger, lines, signal);
    } catch (error) {
      return await reportFailure(error, lines, false);
    }
  },
});

/** Whoever sends SIGTERM wants the service to end, and so it did; Ctrl-C interrupts what was to come to an end by itself. */
function stopCode(signal: EndingSignal, { untilCaughtUp }: Config): number {
  return signal === 'SIGINT' && untilCaughtUp ? EXIT.interrupted : EXIT.ok;
}

/** 0 when it has done all that it was started for; undefined when a signal ended it. */
async function run(config: Config, logger: Logger, output: FailureOutput, signal: AbortSignal): Promise<number | undefined> {
  endInTime(signal, config, logger);
  try {
    const { runService } = await import('../running-service.js');
    const running = await runService(config, logger, signal);
    try {
      // Not the end of the line, so that who looks for the address finds it without what JSON puts after it.
      if (running.address !== null) output.note(`tipstream answers at ${running.address} from now on`);
      const interrupted = interruption(signal);
      if (!config.untilCaughtUp) {
        await Promise.race([running.failed, interrupted]);
        logger.info('stopping');
        return undefined;
      }
      const caughtUp = running.service.caughtUp({ silentForMs: config.startTimeoutMs, where: placeOf(config) });
      return (await Promise.race([caughtUp, running.failed, interrupted])) === 'interrupted' ? undefined : EXIT.ok;
    } finally {
      await running.stop();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    // What fails while it ends is no news: the next start continues at what was committed.
    logger.debug({ err: error }, 'what was under way failed while stopping');
    return undefined;
  }
}

function interruption(signal: AbortSignal): Promise<'interrupted'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('interrupted');
    signal.addEventListener('abort', () => resolve('interrupted'));
  });
}

/** Whatever is still under way when time is up after a signal is left undone: it is done at the next start. */
function endInTime(signal: AbortSignal, config: Config, logger: Logger): void {
  const end = () => {
    logger.warn(`stopping took longer than ${ENDS_WITHIN_MS} ms; what was not finished is done at the next start`);
    process.exit(stopCode(signal.reason as EndingSignal, config));
  };
  const begin = () => void setTimeout(end, ENDS_WITHIN_MS).unref();
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin, { once: true });
}
