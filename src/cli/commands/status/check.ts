/** What `status` finds: one line for each thing that must be right, and the verdict of all. */

export const CHECK_STATUSES = ['ok', 'attention', 'could_not_tell'] as const;
export type CheckStatus = (typeof CHECK_STATUSES)[number];

export interface Check {
  readonly name: string;
  readonly status: CheckStatus;
  /** A sentence without its full stop. */
  readonly summary: string;
  /** The command to run next. */
  readonly next?: string;
  /** The numbers behind it. */
  readonly [fact: string]: unknown;
}

/**
 * attention: something is wrong. could_not_tell: nothing that was looked at is wrong, and something could not be looked at. A state that
 * nobody has verified is said, and does not count: most are not.
 */
export function verdictOf(checks: readonly Check[]): CheckStatus {
  if (checks.some(({ status }) => status === 'attention')) return 'attention';
  return checks.some(({ name, status }) => status === 'could_not_tell' && name !== 'verified') ? 'could_not_tell' : 'ok';
}

/** `3 days`, `5 min` */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  for (const [name, size] of [
    ['days', 86_400],
    ['h', 3_600],
    ['min', 60],
  ] as const)
    if (seconds >= 2 * size) return `${Math.floor(seconds / size)} ${name}`;
  return `${seconds} s`;
}

/** `1.5 GiB` */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const amount = bytes / 1024 ** power;
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${units[power]}`;
}
