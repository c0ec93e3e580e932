/**
 * Counts over the state files held here that take long, for who asks again and again: one runs at a time, whoever asks meanwhile gets
 * its answer, and an answer is used again for a while that grows with the time it took.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { TipstreamError } from '../../errors.js';

export interface Counted<T> {
  readonly value: T;
  /** When counting began, Unix ms. */
  readonly countedAtMs: number;
}

/** Counts what is in the files at these paths. Throws the signal's reason when it aborts. */
export type Count<T> = (paths: readonly string[], signal: AbortSignal) => Promise<T>;

/**
 * An answer is used again for so long, and for so many times the time that it took: counting then takes a twentieth of one core at
 * most.
 */
const REUSED_MS = 1_000;
const REUSED_TIMES = 20;

interface Kept<T> extends Counted<T> {
  readonly key: string;
  /** Of performance.now(). */
  readonly freshUntilMs: number;
}

export class Recount<T> {
  readonly #count: Count<T>;
  readonly #clock: () => number;
  readonly #stopping = new AbortController();
  #newest: Kept<T> | undefined;
  #running: { readonly key: string; readonly result: Promise<Kept<T>> } | undefined;

  /** @param clock Unix ms */
  constructor(count: Count<T>, clock: () => number) {
    this.#count = count;
    this.#clock = clock;
  }

  /**
   * Of these files. When a new count takes longer than `patienceMs`, the one before it; throws not_ready where there is none, and what
   * counting throws.
   */
  async get(paths: readonly string[], patienceMs: number): Promise<Counted<T>> {
    const key = paths.join('\n');
    const newest = this.#newest?.key === key ? this.#newest : undefined;
    if (newest !== undefined && performance.now() < newest.freshUntilMs) return newest;
    const patience = new AbortController();
    const late = sleep(patienceMs, undefined, { signal: patience.signal, ref: false }).catch(() => undefined);
    const counted = await Promise.race([this.#begin(key, paths), late]).finally(() => patience.abort());
    if (counted !== undefined) return counted;
    if (newest !== undefined) return newest;
    throw new TipstreamError('not_ready', 'the decisions are still being counted', {
      hint: 'Ask again in a moment: counting continues meanwhile.',
    });
  }

  /** Ends what is under way; nothing is counted from now on. */
  stop(): void {
    this.#stopping.abort(new TipstreamError('not_ready', 'the service is stopping', { hint: 'Ask again when it has been started.' }));
  }

  #begin(key: string, paths: readonly string[]): Promise<Counted<T>> {
    if (this.#running?.key === key) return this.#running.result;
    const running = { key, result: this.#run(key, paths) };
    this.#running = running;
    running.result
      .then((kept) => {
        if (this.#running === running) this.#newest = kept;
      })
      .catch(() => undefined) // whoever waits is told
      .finally(() => {
        if (this.#running === running) this.#running = undefined;
      });
    return running.result;
  }

  async #run(key: string, paths: readonly string[]): Promise<Kept<T>> {
    const [countedAtMs, beganMs] = [this.#clock(), performance.now()];
    const value = await this.#count(paths, this.#stopping.signal);
    const endedMs = performance.now();
    return { key, value, countedAtMs, freshUntilMs: endedMs + Math.max(REUSED_MS, (endedMs - beganMs) * REUSED_TIMES) };
  }
}
