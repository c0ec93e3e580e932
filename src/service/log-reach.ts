/**
 * Whether the log answers, and what it held when it last did. It is asked at short intervals by one question at a time: a log that hangs
 * is asked nothing more until it has answered or refused.
 */
import type { Logger } from 'pino';
import { TipstreamError } from '../errors.js';
import { gaveUp } from '../log/deadline.js';
import type { Log } from '../log/port.js';
import { pause } from '../back-off.js';
import { type LogRanges, rangesOfTopics } from './caught-up.js';

/** How often it is asked, ms. */
export const ASKED_EVERY_MS = 2_000;
/** How long a question may go unanswered before the log counts as silent, ms: 10 s after its last answer at most. */
const SILENT_AFTER_MS = 10_000 - ASKED_EVERY_MS;

/** How often it is seen that time is up, ms. */
const LOOKS_EVERY_MS = 250;

export interface SilenceOptions {
  /** How long the log may be away, ms. */
  readonly silentForMs: number;
  /** As errors name it: "Kafka at HOST:PORT". */
  readonly where: string;
}

export interface LogReachDeps {
  readonly log: Pick<Log, 'offsets'>;
  /** Full names of the consumed topics. */
  readonly topics: readonly string[];
  readonly logger: Logger;
}

export class LogReach {
  readonly #deps: LogReachDeps;
  #ranges: LogRanges | undefined;
  #answeredAt = performance.now();
  /** The first question since the last answer. */
  #unansweredSince: number | undefined;
  #asking = false;
  #said = false;
  #lastError: unknown;

  constructor(deps: LogReachDeps) {
    this.#deps = deps;
  }

  /** topic -> partition -> range when the log last answered; undefined before its first answer. */
  get ranges(): LogRanges | undefined {
    return this.#ranges;
  }

  /** Since its last answer, ms. */
  get silentMs(): number {
    return performance.now() - this.#answeredAt;
  }

  /** By its answers, not by the clock alone: a process that was paused has asked nothing meanwhile. */
  get isReachable(): boolean {
    return this.#unansweredMs < SILENT_AFTER_MS;
  }

  /** Throws log_unavailable once it has not answered for so long, and the signal's reason when that aborts. Never resolves. */
  async untilSilentFor({ silentForMs, where }: SilenceOptions, signal: AbortSignal): Promise<never> {
    while (this.#unansweredMs < silentForMs) {
      await pause(Math.min(LOOKS_EVERY_MS, silentForMs), signal);
      signal.throwIfAborted();
    }
    throw gaveUp(where, silentForMs, 'catch up', this.#lastError instanceof TipstreamError ? this.#lastError : undefined);
  }

  /** 0: its last question was answered, or none has been asked. */
  get #unansweredMs(): number {
    return this.#unansweredSince === undefined ? 0 : performance.now() - this.#unansweredSince;
  }

  /** Asks, unless a question is under way, and says once when the log has fallen silent and once when it answers again. Never throws. */
  look(): Promise<void> {
    this.#sayChange();
    if (this.#asking) return Promise.resolve();
    this.#asking = true;
    return this.#ask().finally(() => (this.#asking = false));
  }

  async #ask(): Promise<void> {
    this.#unansweredSince ??= performance.now();
    try {
      this.#ranges = await rangesOfTopics(this.#deps.log, this.#deps.topics);
      this.#answeredAt = performance.now();
      this.#unansweredSince = undefined;
      this.#lastError = undefined;
    } catch (error) {
      this.#lastError = error;
    }
    this.#sayChange();
  }

  #sayChange(): void {
    const { logger } = this.#deps;
    if (this.isReachable === !this.#said) return;
    this.#said = !this.isReachable;
    if (!this.#said) return logger.info('the log answers again');
    logger.error(
      { code: 'log_unavailable', silent_ms: Math.round(this.silentMs), err: this.#lastError },
      'the log does not answer; /readyz is 503 and lag is as of its last answer until it does',
    );
  }
}
