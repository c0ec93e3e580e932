/** Durations as people write them in a file of features. */
const UNITS_MS = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `7d`, `36h`, `90min`, `10s`, `1500ms` or a whole number of milliseconds, in milliseconds; undefined: it is none. */
export function durationMs(given: string | number): number | undefined {
  if (typeof given === 'number') return Number.isSafeInteger(given) ? given : undefined;
  const parts = /^(\d{1,15})(ms|s|min|h|d)$/.exec(given);
  return parts === null ? undefined : Number(parts[1]) * UNITS_MS[parts[2] as keyof typeof UNITS_MS];
}
