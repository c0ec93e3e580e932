/**
 * Timers that fire when the simulation says so, and a wall clock that it can set. While installed, setTimeout and setInterval of this
 * process, the promises of node:timers/promises and performance.now go by simulated milliseconds; the turns of the event loop stay
 * real, because promises and setImmediate run in an order of their own that is always the same.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';

interface Timer {
  readonly id: number;
  dueMs: number;
  readonly everyMs: number | undefined;
  readonly run: () => void;
}

type Scheduled = { readonly id: number; ref(): Scheduled; unref(): Scheduled; hasRef(): boolean; [Symbol.toPrimitive](): number };

const REAL = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
};
const nextTurn = globalThis.setImmediate;
/** What modules import is bound to the properties of these, once they are synced. */
const timers = createRequire(import.meta.url)('node:timers/promises') as {
  setTimeout: (ms?: number, value?: unknown, options?: { readonly signal?: AbortSignal }) => Promise<unknown>;
};
const realDelay = timers.setTimeout;
const realNow = performance.now;

export class VirtualTime {
  /** Since the beginning; never goes back. */
  #elapsedMs = 0;
  /** Unix ms at the beginning, as the wall clock has it now. */
  #originMs: number;
  #lastId = 0;
  readonly #timers = new Map<number, Timer>();

  constructor(startMs: number) {
    this.#originMs = startMs;
  }

  /** Unix ms. */
  readonly now = (): number => this.#originMs + this.#elapsedMs;

  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Sets the wall clock forward or back; no timer notices. */
  jump(byMs: number): void {
    this.#originMs += byMs;
  }

  install(): void {
    const schedule = (run: (...args: unknown[]) => void, delayMs: number | undefined, repeats: boolean, args: unknown[]): Scheduled => {
      const delay = Math.max(1, Math.trunc(delayMs ?? 1) || 1);
      const id = ++this.#lastId;
      this.#timers.set(id, { id, dueMs: this.#elapsedMs + delay, everyMs: repeats ? delay : undefined, run: () => run(...args) });
      const scheduled: Scheduled = { id, ref: () => scheduled, unref: () => scheduled, hasRef: () => true, [Symbol.toPrimitive]: () => id };
      return scheduled;
    };
    const clear = (scheduled: Scheduled | undefined) => void (scheduled != null && this.#timers.delete(scheduled.id));
    Object.assign(globalThis, {
      setTimeout: (run: () => void, delayMs?: number, ...args: unknown[]) => schedule(run, delayMs, false, args),
      setInterval: (run: () => void, delayMs?: number, ...args: unknown[]) => schedule(run, delayMs, true, args),
      clearTimeout: clear,
      clearInterval: clear,
    });
    performance.now = () => this.#elapsedMs;
    timers.setTimeout = (ms, value, { signal } = {}) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const abort = () => {
          clear(timer);
          reject(signal!.reason as Error);
        };
        const timer = schedule(
          () => {
            signal?.removeEventListener('abort', abort);
            resolve(value);
          },
          ms,
          false,
          [],
        );
        signal?.addEventListener('abort', abort, { once: true });
      });
    syncBuiltinESMExports();
  }

  uninstall(): void {
    Object.assign(globalThis, REAL);
    performance.now = realNow;
    timers.setTimeout = realDelay;
    syncBuiltinESMExports();
    this.#timers.clear();
  }

  /** One turn of the event loop, which takes `ms`. Timers run in the order in which they are due. */
  async turn(ms = 1): Promise<void> {
    await new Promise<void>((resolve) => nextTurn(resolve));
    const untilMs = this.#elapsedMs + ms;
    for (;;) {
      let next: Timer | undefined;
      for (const timer of this.#timers.values())
        if (timer.dueMs <= untilMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
      if (next === undefined) break;
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
      if (next.everyMs === undefined) this.#timers.delete(next.id);
      else next.dueMs += next.everyMs;
      next.run();
    }
    this.#elapsedMs = untilMs;
  }
}
