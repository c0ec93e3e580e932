/** Whether a feature has moved away from its baseline, by two measures. Pure. */
import { categoricalCounts, numericCounts } from './bins.js';
import type { Distribution } from './distribution.js';
import { binsInEither, jensenShannon, jensenShannonLike, klDivergence, psi, PSI_LIMIT, psiByChance } from './divergence.js';
import { kolmogorovSmirnov, type KolmogorovSmirnov } from './kolmogorov-smirnov.js';

export interface Drift {
  readonly psi: number;
  /** max(PSI_LIMIT, by_chance). */
  readonly threshold: number;
  /** What PSI exceeds once in a thousand times where nothing has moved, with so few samples. */
  readonly by_chance: number;
  /** Bins that either sample has. */
  readonly bins: number;
  /** Nats, of today from the baseline, over the same bins. */
  readonly kl: number;
  /** Of numbers. */
  readonly ks: KolmogorovSmirnov | null;
  /** Of categories, with null as one: bits. */
  readonly js: { readonly divergence: number; readonly threshold: number } | null;
  /** Either measure is above its threshold. */
  readonly drifted: boolean;
}

/** undefined where either has no samples, or they are of different kinds. */
export function driftOf(baseline: Distribution, current: Distribution): Drift | undefined {
  const [n, m] = [baseline.n + baseline.nulls, current.n + current.nulls];
  if (n === 0 || m === 0) return undefined;
  if (baseline.kind === 'numeric' && current.kind === 'numeric') {
    const counts = numericCounts(baseline, current);
    const binned = overBins(counts, n, m);
    const ks = kolmogorovSmirnov(baseline, current) ?? null;
    const ksDrifted = ks !== null && ks.statistic - ks.error > ks.threshold;
    return { ...binned, ks, js: null, drifted: binned.psi > binned.threshold || ksDrifted };
  }
  if (baseline.kind === 'categorical' && current.kind === 'categorical') {
    const counts = categoricalCounts(baseline, current);
    const binned = overBins(counts, n, m);
    const js = { divergence: jensenShannon(counts.baseline, counts.current), threshold: jensenShannonLike(binned.threshold) };
    return { ...binned, ks: null, js, drifted: binned.psi > binned.threshold || js.divergence > js.threshold };
  }
  return undefined;
}

function overBins({ baseline, current }: { readonly baseline: number[]; readonly current: number[] }, n: number, m: number) {
  const bins = binsInEither(baseline, current);
  const byChance = psiByChance(bins, n, m);
  return {
    psi: psi(baseline, current),
    threshold: Math.max(PSI_LIMIT, byChance),
    by_chance: byChance,
    bins,
    kl: klDivergence(baseline, current),
  };
}
