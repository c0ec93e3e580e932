/** How many decisions it takes, as a table. */
import type { PowerDays } from '../../analysts/power.js';

export const POWER_HEADINGS = ['GAIN', 'DECISIONS', 'DAYS', 'HALF BY', 'GAIN ALONE', 'HALF BY', 'SLOWEST'] as const;

export function powerCells(row: PowerDays): (string | number | null)[] {
  const { gain, decisions, days, slowest, reason } = row;
  const [half, alone, halfAlone] = [row.median_decisions, row.gain_decisions, row.median_gain_decisions];
  return [gain, decisions, days === null ? null : Number(days.toPrecision(3)), half, alone, halfAlone, reason ?? slowest];
}
