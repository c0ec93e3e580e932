const EVERY_MS = 1_000;

/** When changed profiles are published: at most every second, so that a user in the middle of a burst is published once. */
export class ProfileRhythm {
  readonly #wake: () => void;
  #lastMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `wake` is called when the time has come. */
  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /** Whether they are due; if not, `wake` will be called. */
  isDue(nowMs: number): boolean {
    const sinceMs = nowMs - this.#lastMs;
    // Negative when the clock was set back.
    if (sinceMs < 0 || sinceMs >= EVERY_MS) return true;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#wake();
    }, EVERY_MS - sinceMs);
    return false;
  }

  /** All have been published. */
  done(nowMs: number): void {
    this.#lastMs = nowMs;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
