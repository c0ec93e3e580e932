/** What is known of something that is asked for again and again, as a pure function of its answers. */
import type { ApiError } from './api-error.js';

export interface Polled<T> {
  /** The last answer; the same object as long as the service answers the same. */
  readonly document: T | undefined;
  readonly text: string | undefined;
  /** When the last answer came, Unix ms. */
  readonly answeredAtMs: number | undefined;
  /** Why the newest question has no answer. */
  readonly error: ApiError | undefined;
}

export const NOTHING_ASKED: Polled<never> = { document: undefined, text: undefined, answeredAtMs: undefined, error: undefined };

export function answered<T>(state: Polled<T>, answer: { readonly text: string; readonly document: T }, atMs: number): Polled<T> {
  const document = state.text === answer.text && state.document !== undefined ? state.document : answer.document;
  return { document, text: answer.text, answeredAtMs: atMs, error: undefined };
}

/** What was answered before stays, and is stale from now on. */
export function failed<T>(state: Polled<T>, error: ApiError): Polled<T> {
  return { ...state, error };
}

export interface Rhythm {
  /** null: asked only when somebody says so. */
  readonly seconds: number | null;
  readonly isPaused: boolean;
}

export const INTERVALS: readonly (number | null)[] = [null, 1, 2, 5, 30];
const DEFAULT_SECONDS = 2;

/** As an address has it: `off`, or seconds; what is neither is the default. */
export function secondsIn(text: string | undefined): number | null {
  if (text === 'off') return null;
  const seconds = INTERVALS.find((each) => each !== null && String(each) === text);
  return seconds ?? DEFAULT_SECONDS;
}

/** undefined for the default, which an address leaves out. */
export function secondsText(seconds: number | null): string | undefined {
  return seconds === DEFAULT_SECONDS ? undefined : seconds === null ? 'off' : String(seconds);
}

/** How long to wait for the next question, ms; undefined: until somebody says so. `atLeastSeconds`: what the answer costs the service. */
export function waitMs({ seconds, isPaused }: Rhythm, atLeastSeconds: number): number | undefined {
  return seconds === null || isPaused ? undefined : Math.max(seconds, atLeastSeconds) * 1_000;
}
