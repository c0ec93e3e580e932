/** Numbers out of a profile, which callers of POST /score may give themselves. */
import type { ProfileValues } from './policy.js';

/** The profile's number, or null when it has none; never NaN. */
export function numberOf(profile: ProfileValues, feature: string): number | null {
  const value = profile[feature];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Within [0, `cap`], 0 where there is none: callers may give a profile of their own, with numbers that no profile has. */
export function bounded(profile: ProfileValues, feature: string, cap: number): number {
  return Math.min(Math.max(numberOf(profile, feature) ?? 0, 0), cap);
}
