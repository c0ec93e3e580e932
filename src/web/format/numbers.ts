/** How numbers read. What is not known is a dash, so that it is told apart from 0. */

export const UNKNOWN = '–';

const whole = new Intl.NumberFormat();
const upToTwo = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const signedUpToTwo = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2, signDisplay: 'exceptZero' });

export const count = (value: number | null | undefined): string => (value == null ? UNKNOWN : whole.format(value));
export const short = (value: number | null | undefined): string => (value == null ? UNKNOWN : upToTwo.format(value));
export const percent = (share: number | null | undefined): string => (share == null ? UNKNOWN : `${upToTwo.format(share * 100)} %`);
/** Of a difference of two shares, in points. */
export const points = (share: number): string => signedUpToTwo.format(share * 100);

/** `1 record`, `2 records`; `many` where an s is not enough. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A rate as people say it: 0 is 0, and what rounds to nothing is not. */
export function perSecond(rate: number | null | undefined): string {
  if (rate == null) return UNKNOWN;
  return rate > 0 && rate < 0.01 ? '< 0.01' : upToTwo.format(rate);
}

export interface Interval {
  readonly mean: number | null;
  readonly low: number;
  readonly high: number;
}

/** `42 % (39 % to 45 %)` */
export function estimate({ mean, low, high }: Interval): string {
  return mean === null ? 'none yet' : `${percent(mean)} (${percent(low)} to ${percent(high)})`;
}

/** `+10 points (+3 to +17)`, and whether that is more or less whatever chance did. */
export function difference({ mean, low, high }: Interval): { readonly text: string; readonly verdict?: 'more' | 'less' } {
  if (mean === null) return { text: 'none yet' };
  const text = `${points(mean)} points (${points(low)} to ${points(high)})`;
  return low > 0 ? { text, verdict: 'more' } : high < 0 ? { text, verdict: 'less' } : { text };
}
