const [MINUTE_S, HOUR_S, DAY_S] = [60, 3_600, 86_400];

/** As people say it: to the millisecond up to two minutes, then 2.5 min, 3.1 h, 14.8 d. */
export function secondsText(seconds: number): string {
  if (seconds < 2 * MINUTE_S) return `${seconds} s`;
  if (seconds < 2 * HOUR_S) return `${rounded(seconds / MINUTE_S)} min`;
  return seconds < 2 * DAY_S ? `${rounded(seconds / HOUR_S)} h` : `${rounded(seconds / DAY_S)} d`;
}

const rounded = (number: number): number => Math.round(number * 10) / 10;
