/**
 * The window of as-of time T is half-open: [T - length, T). An event at T itself does not exist as of T.
 *
 * So a kept time t changes what is counted at exactly two places: it comes in between T = t and T = t + 1, and it goes out between
 * T = t + length and T = t + length + 1. These two, t and t + length, are its boundaries: everything counted is constant over
 * as-of times that lie on the same side (<= or >) of every boundary.
 */
export const DAY_MS = 86_400_000;

/** The window of a profile: 30 days. No feature may look back further, because older rows may be pruned. */
export const WINDOW_MS = 30 * DAY_MS;

/** Whether an event at `timeMs` exists as of `asOfMs`. */
export function hasHappened(timeMs: number | null, asOfMs: number): timeMs is number {
  return timeMs !== null && timeMs < asOfMs;
}

/** Whether an event at `timeMs` lies in [asOfMs - lengthMs, asOfMs). */
export function isInWindow(timeMs: number | null, asOfMs: number, lengthMs: number = WINDOW_MS): timeMs is number {
  return timeMs !== null && timeMs < asOfMs && timeMs >= asOfMs - lengthMs;
}
