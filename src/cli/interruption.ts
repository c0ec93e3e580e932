/** Ctrl-C and SIGTERM. It imports nothing, so that both are heard before the commands are loaded, which takes most of a second. */

export type EndingSignal = 'SIGINT' | 'SIGTERM';
/** The exit code of a process that the signal ended. */
export type StopCode = (signal: EndingSignal) => number;

/** From the signal to the end, whatever is still under way. */
export const ENDS_WITHIN_MS = 4_900;
/** `npx` passes on a signal that the terminal has sent to both, so that one Ctrl-C comes twice. */
const SAME_SIGNAL_MS = 500;

export class Interruption {
  readonly #abort = new AbortController();
  #firstMs = Infinity;
  #stopCode: StopCode | undefined;

  /** Aborts, with the name of the signal as its reason, at the first one. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** How long the process may still take, ms. */
  get leftMs(): number {
    return Math.max(0, this.#firstMs + ENDS_WITHIN_MS - performance.now());
  }

  listen(): void {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => this.#hear(signal));
  }

  /** The command that runs from now on: a second signal, or time that is up, ends the process with its code. */
  runs(stopCode: StopCode): void {
    this.#stopCode = stopCode;
  }

  #hear(signal: EndingSignal): void {
    const end = (): void => {
      if (this.#stopCode !== undefined) process.exit(this.#stopCode(signal));
    };
    if (this.#abort.signal.aborted) {
      if (performance.now() - this.#firstMs > SAME_SIGNAL_MS) end();
      return;
    }
    this.#firstMs = performance.now();
    setTimeout(end, ENDS_WITHIN_MS).unref();
    this.#abort.abort(signal);
  }
}
