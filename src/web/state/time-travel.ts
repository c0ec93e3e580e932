/** The slider that goes back in time: hours before now, as far back as features can see twice. Pure. */

export const HOUR_MS = 3_600_000;
/** Two windows of 30 days. */
export const HOURS_BACK = 60 * 24;

/** Where the slider stands: hours after its left end. A time that is not on it stands at the end that is nearer. */
export function hoursOf(asOfMs: number | undefined, nowMs: number): number {
  if (asOfMs === undefined) return HOURS_BACK;
  const back = Math.ceil((nowMs - asOfMs) / HOUR_MS);
  return Math.min(HOURS_BACK, Math.max(0, HOURS_BACK - back));
}

/** The time at a place of the slider, Unix ms, on a whole hour; undefined: now. */
export function timeAt(hours: number, nowMs: number): number | undefined {
  if (hours >= HOURS_BACK) return undefined;
  return Math.max(0, (Math.floor(nowMs / HOUR_MS) - (HOURS_BACK - hours) + 1) * HOUR_MS);
}
