import type { Logger } from 'pino';

/** Work that is done again and again until `stop`: never twice at once, and a failure is said and tried again at its next turn. */
export class PeriodicTasks {
  readonly #logger: Logger;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  every(ms: number, work: () => Promise<void>): void {
    let busy = false;
    const timer = setInterval(() => {
      if (busy) return;
      busy = true;
      work()
        .catch((error: unknown) => this.#logger.warn({ err: error }, 'a periodic task failed; it will be tried again'))
        .finally(() => (busy = false));
    }, ms);
    this.#timers.push(timer);
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
}
