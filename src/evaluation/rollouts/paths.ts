/**
 * Looking several times at one randomisation test. Relabellings live through all looks together with the true placement: each look takes
 * out the largest statistics among those still there, as many as alpha allows by then. The rows are exchangeable when nobody is affected,
 * so the true one is ever taken out with a probability of at most what has been spent, exactly, at any number of looks and however they
 * depend on each other (P. H. Westfall and S. S. Young, Resampling-based multiple testing, 1993, for maxima over looks; this spends alpha
 * by a function of time, as K. K. G. Lan and D. L. DeMets do, Discrete sequential boundaries for clinical trials, Biometrika 70, 1983).
 */

/** What one look leaves for the next. JSON as it is. */
export interface Paths {
  readonly taken: number;
  /** A bit a row, hexadecimal: those taken out. Empty: none yet. */
  readonly gone: string;
}

export const NO_LOOKS: Paths = { taken: 0, gone: '' };

export interface Taken {
  readonly paths: Paths;
  /** The statistic from which on rows are taken out; null: alpha allows none at this look. */
  readonly threshold: number | null;
}

/** Whether the true placement was taken out, at this look or before. */
export function isOut({ gone }: Paths): boolean {
  return (parseInt(gone.slice(0, 2) || '0', 16) & 1) === 1;
}

/** How many of so many rows a look may take out when `mass`, of 1, may be spent by now. */
export function allowedOf({ taken }: Paths, rows: number, mass: number): number {
  return Math.max(0, Math.floor(rows * mass + 1e-9) - taken);
}

/** `statistics` by row, the true placement first; `mass`: what may be spent by now, of 1. */
export function takeOut(paths: Paths, statistics: Float64Array, mass: number): Taken {
  const allowed = allowedOf(paths, statistics.length, mass);
  if (allowed === 0) return { paths, threshold: null };
  const gone = Buffer.alloc(Math.ceil(statistics.length / 8));
  gone.write(paths.gone, 'hex');
  const isAlive = (row: number): boolean => ((gone[row >> 3]! >> (row & 7)) & 1) === 0;
  const alive = statistics.filter((_, row) => isAlive(row)).sort();
  if (alive.length < allowed) return { paths, threshold: null };
  const threshold = alive[alive.length - allowed]!;
  // Of equals, all or none.
  const above = alive[alive.length - allowed - 1] === threshold;
  let taken = 0;
  for (const [row, statistic] of statistics.entries()) {
    if (!isAlive(row) || statistic < threshold || (above && statistic === threshold)) continue;
    gone[row >> 3]! |= 1 << (row & 7);
    taken++;
  }
  return { paths: { taken: paths.taken + taken, gone: gone.toString('hex') }, threshold };
}
