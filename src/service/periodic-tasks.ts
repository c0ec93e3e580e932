import type { Logger } from 'pino';

/** Work that is done again and again until `stop`: never twice at once, and a failure is said and tried again at its next turn. */
export class PeriodicTasks {
  readonly #logger: Logger;
  readonly #timers: NodeJS.Timeout[] = [];
  #stopped = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * @param restTimes how many times what it took it then pauses at least, so that work that grows with the data never takes more than
   * its share
   */
  every(ms: number, work: () => Promise<void>, restTimes = 0): void {
    let busy = false;
    let restsUntilMs = 0;
    const timer = setInterval(() => {
      const beganMs = performance.now();
      if (busy || beganMs < restsUntilMs) return;
      busy = true;
      work()
        .catch((error: unknown) => this.#stopped || this.#logger.warn({ err: error }, 'a periodic task failed; it will be tried again'))
        .finally(() => {
          busy = false;
          const endedMs = performance.now();
          restsUntilMs = endedMs + (endedMs - beganMs) * restTimes;
        });
    }, ms);
    this.#timers.push(timer);
  }

  /** What is under way goes on; should it fail now, nobody is told. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
  }
}
