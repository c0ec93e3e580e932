/** The 2^-12 grid on which features lie: products of two entries are multiples of 2^-24, and doubles add those exactly up to 2^29. */

const GRID_STEPS = 4096;

/** `x` rounded to the grid, halves upwards; -0 becomes 0. */
export function quantise(x: number): number {
  return Math.round(x * GRID_STEPS) / GRID_STEPS + 0;
}
