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
}
