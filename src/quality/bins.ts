/** The bins in which two samples are compared, made of the baseline, and those in which they are drawn. Pure. */
import { quantileOf, type CategoricalDistribution, type Distribution, type NumericDistribution } from './distribution.js';

/** Of the baseline's values about a tenth each. */
const TENTHS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] as const;
/** Up to so many different values, each is drawn by itself. */
const DRAWN_ONE_BY_ONE = 24;
const DRAWN = 20;

/** A bin as it is drawn. */
export interface Bin {
  /** Inclusive, and `to` exclusive but for the last; equal where the bin is one value. null: not a bin of numbers. */
  readonly from: number | null;
  readonly to: number | null;
  /** Of one category; null: not one. */
  readonly category: string | null;
  /** null: the value is null. others: categories that are not named. value: any other. */
  readonly kind: 'value' | 'null' | 'others';
  readonly count: number;
  /** null: there is no baseline. */
  readonly baseline_count: number | null;
}

/**
 * Counts of numbers over the baseline's quantile bins: below its least value, up to each tenth, above its greatest, and null. Values that
 * share a tenth share a bin, so there may be fewer.
 */
export function numericCounts(baseline: NumericDistribution, current: NumericDistribution): { baseline: number[]; current: number[] } {
  const least = baseline.values[0] ?? 0;
  const tenths = TENTHS.map((share) => quantileOf(baseline, share) ?? least);
  const tops = [...new Set([...tenths, baseline.values.at(-1) ?? least])];
  const countsOf = ({ values, counts, nulls }: NumericDistribution): number[] => {
    const found = Array<number>(tops.length + 3).fill(0);
    let bin = 0;
    for (let at = 0; at < values.length; at++) {
      while (bin < tops.length && values[at]! > tops[bin]!) bin++;
      found[values[at]! < least ? 0 : bin + 1]! += counts[at]!;
    }
    found[tops.length + 2] = nulls;
    return found;
  };
  return { baseline: countsOf(baseline), current: countsOf(current) };
}

/** Counts over the categories of both, those that are not named, and null. */
export function categoricalCounts(
  baseline: CategoricalDistribution,
  current: CategoricalDistribution,
): { baseline: number[]; current: number[] } {
  const names = [...new Set([...baseline.counts.keys(), ...current.counts.keys()])];
  const countsOf = ({ counts, others, nulls }: CategoricalDistribution): number[] => [
    ...names.map((name) => counts.get(name) ?? 0),
    others,
    nulls,
  ];
  return { baseline: countsOf(baseline), current: countsOf(current) };
}

const nullBin = (current: number, baseline: number | null): Bin => ({
  from: null,
  to: null,
  category: null,
  kind: 'null',
  count: current,
  baseline_count: baseline,
});

/** Beside a baseline of the same kind. */
export function drawn(current: Distribution, baseline: Distribution | undefined): Bin[] {
  if (current.kind === 'numeric') return drawnNumbers(current, baseline?.kind === 'numeric' ? baseline : undefined);
  return drawnCategories(current, baseline?.kind === 'categorical' ? baseline : undefined);
}

/** Each value by itself where there are few, else equal widths from the least to the greatest of both; then null. */
export function drawnNumbers(current: NumericDistribution, baseline: NumericDistribution | undefined): Bin[] {
  const all = [...new Set([...current.values.slice(0, DRAWN_ONE_BY_ONE + 1), ...(baseline?.values.slice(0, DRAWN_ONE_BY_ONE + 1) ?? [])])];
  const nulls = nullBin(current.nulls, baseline?.nulls ?? null);
  if (all.length <= DRAWN_ONE_BY_ONE) {
    const count = (of: NumericDistribution, value: number): number => of.counts[of.values.indexOf(value)] ?? 0;
    const bins = all
      .sort((a, b) => a - b)
      .map(
        (value): Bin => ({
          ...nulls,
          kind: 'value',
          from: value,
          to: value,
          count: count(current, value),
          baseline_count: baseline === undefined ? null : count(baseline, value),
        }),
      );
    return [...bins, nulls];
  }
  const least = Math.min(...[current, baseline].flatMap((of) => (of === undefined || of.n === 0 ? [] : [of.values[0]!])));
  const most = Math.max(...[current, baseline].flatMap((of) => (of === undefined || of.n === 0 ? [] : [of.values.at(-1)!])));
  const edge = (at: number): number => (at === DRAWN ? most : least + ((most - least) * at) / DRAWN);
  const countsOf = ({ values, counts }: NumericDistribution): number[] => {
    const found = Array<number>(DRAWN).fill(0);
    for (let at = 0; at < values.length; at++) {
      const bin = Math.min(DRAWN - 1, Math.floor(((values[at]! - least) / (most - least)) * DRAWN));
      found[bin]! += counts[at]!;
    }
    return found;
  };
  const [now, before] = [countsOf(current), baseline && countsOf(baseline)];
  const bins = now.map(
    (count, at): Bin => ({
      ...nulls,
      kind: 'value',
      from: edge(at),
      to: edge(at + 1),
      count,
      baseline_count: before === undefined ? null : before[at]!,
    }),
  );
  return [...bins, nulls];
}

/** The most frequent categories of both, the rest together, and null. */
export function drawnCategories(current: CategoricalDistribution, baseline: CategoricalDistribution | undefined): Bin[] {
  const both = new Map(current.counts);
  for (const [name, count] of baseline?.counts ?? []) both.set(name, (both.get(name) ?? 0) + count);
  const named = [...both]
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, DRAWN)
    .map(([name]) => name);
  const rest = (of: CategoricalDistribution): number => of.n - named.reduce((sum, name) => sum + (of.counts.get(name) ?? 0), 0);
  const nulls = nullBin(current.nulls, baseline?.nulls ?? null);
  const bins = named.map(
    (name): Bin => ({
      ...nulls,
      kind: 'value',
      category: name,
      count: current.counts.get(name) ?? 0,
      baseline_count: baseline === undefined ? null : (baseline.counts.get(name) ?? 0),
    }),
  );
  const others: Bin = { ...nulls, kind: 'others', count: rest(current), baseline_count: baseline === undefined ? null : rest(baseline) };
  return [...bins, ...(others.count + (others.baseline_count ?? 0) > 0 ? [others] : []), nulls];
}
