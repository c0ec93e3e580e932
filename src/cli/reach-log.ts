/** Starting while the log is away: it is tried again until it answers, time is up or the process is told to stop. */
import type { Logger } from 'pino';
import { backOffMs, OPENING, pause } from '../back-off.js';
import { TipstreamError } from '../errors.js';
import { answeredWithin, gaveUp } from '../log/deadline.js';

export interface ReachLogOptions {
  /** As errors name it: "Kafka at HOST:PORT". */
  readonly where: string;
  /** For everything that is tried, ms. */
  readonly withinMs: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** One of these is made for a start: what it does shares the time. */
export class ReachLog {
  readonly #options: ReachLogOptions;
  readonly #endsMs: number;

  constructor(options: ReachLogOptions) {
    this.#options = options;
    this.#endsMs = performance.now() + options.withinMs;
  }

  /**
   * What `ask` answers, which is asked again while the log is away. Throws log_unavailable when time is up, the signal's reason when that
   * aborts, and at once whatever trying again does not mend. What was under way then goes on, and nobody hears how it ended.
   */
  async until<T>(action: string, ask: () => Promise<T>): Promise<T> {
    const { withinMs, logger, signal, where } = this.#options;
    const giveUp = new AbortController();
    const ended = AbortSignal.any([signal, giveUp.signal]);
    let last: TipstreamError | undefined;
    const trying = async (): Promise<T> => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await ask();
        } catch (error) {
          if (!(error instanceof TipstreamError && error.code === 'log_unavailable') || ended.aborted) throw error;
          last = error;
          const leftMs = Math.max(0, Math.round(this.#endsMs - performance.now()));
          logger.warn(
            { attempt, gives_up_in_ms: leftMs, code: error.code, reason: error.message, hint: error.hint },
            `${where} does not answer yet; start tries again`,
          );
          await pause(backOffMs(OPENING, attempt), ended);
          if (ended.aborted) throw error;
        }
      }
    };
    const late = (): TipstreamError => gaveUp(where, withinMs, action, last);
    try {
      return await unlessAborted(answeredWithin(Math.max(1, this.#endsMs - performance.now()), trying(), late), signal);
    } finally {
      giveUp.abort();
    }
  }
}

/** Rejects with the signal's reason as soon as it aborts. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => undefined);
  signal.throwIfAborted();
  let abort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
  });
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', abort));
}
