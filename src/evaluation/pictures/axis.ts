/** Round numbers on the axis of a picture. */

/** 1, 2 or 5 times a power of ten: the smallest that is at least `least`, which is above 0. */
export function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  // Of 9.99 the power is 1, and the step 10; rounding must not make 20 of a 10.
  return [1, 2, 5, 10].map((one) => one * power).find((one) => one >= least * (1 - 1e-9))!;
}

export interface Tick {
  readonly value: number;
  /** With as many digits as all of them need. */
  readonly text: string;
}

/** Multiples of a round step from `low` to `high`, at most about `most` of them. */
export function roundTicks(low: number, high: number, most: number, least = 0): Tick[] {
  const step = Math.max(least, roundStep((high - low) / most));
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, i) => {
    const value = (first + i) * step;
    return { value, text: first + i === 0 ? '0' : value.toFixed(digits) };
  });
}
