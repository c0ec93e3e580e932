/** Work that takes long on the service's thread, in slices: what answers others has its turn in between. */
import { setImmediate } from 'node:timers/promises';

const SLICE_MS = 5;

export class Turns {
  readonly #signal: AbortSignal;
  #endsMs = performance.now() + SLICE_MS;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Whether it is time for `next`. */
  get isOver(): boolean {
    return performance.now() >= this.#endsMs;
  }

  /** Throws the signal's reason. */
  async next(): Promise<void> {
    await setImmediate();
    this.#signal.throwIfAborted();
    this.#endsMs = performance.now() + SLICE_MS;
  }

  /** Runs a generator to its end, and answers what it returns; it is ended, should that fail. Throws what it throws, and as `next`. */
  async run<Result>(steps: Generator<unknown, Result>): Promise<Result> {
    try {
      let step = steps.next();
      for (; step.done !== true; step = steps.next()) if (this.isOver) await this.next();
      return step.value;
    } finally {
      steps.return(undefined as never);
    }
  }
}
