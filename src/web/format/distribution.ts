/** A distribution as it is drawn, and as it is said to those who do not see it. */
import type { Bin, FeatureQuality } from '../../service/application.js';
import { count, percent, short } from './numbers.js';

export interface DrawnBin {
  readonly name: string;
  readonly kind: Bin['kind'];
  /** 0 to 1, of all bins; null: there is no baseline. */
  readonly share: number;
  readonly before: number | null;
}

export function drawnBins(bins: readonly Bin[]): DrawnBin[] {
  const all = bins.reduce((sum, bin) => sum + bin.count, 0);
  const allBefore = bins.reduce((sum, { baseline_count: before }) => sum + (before ?? 0), 0);
  return bins.map((bin) => ({
    name: binName(bin),
    kind: bin.kind,
    share: all === 0 ? 0 : bin.count / all,
    before: bin.baseline_count === null || allBefore === 0 ? null : bin.baseline_count / allBefore,
  }));
}

export function binName({ kind, from, to, category }: Pick<Bin, 'kind' | 'from' | 'to' | 'category'>): string {
  if (kind === 'null') return 'no value';
  if (kind === 'others') return 'other categories';
  if (category !== null) return JSON.stringify(category);
  return from === to ? short(from) : `${short(from)} to ${short(to)}`;
}

/** The least and the greatest of what is drawn, for below it; empty where they say nothing. */
export function endsOf(bins: readonly Bin[]): readonly [string, string] {
  const values = bins.filter(({ kind, from }) => kind === 'value' && from !== null);
  const [first, last] = [values[0], values.at(-1)];
  return first === undefined || last === undefined ? ['', ''] : [short(first.from), short(last.to)];
}

/** In a sentence or two. */
export function distributionText({
  name,
  unit,
  n,
  null_rate: nullRate,
  summary,
  psi,
  threshold,
  baseline_n: before,
}: FeatureQuality): string {
  const values = summary?.percentiles == null ? '' : ` Half of the values lie at or below ${short(summary.percentiles['p50'])} ${unit}.`;
  const drift =
    psi === null
      ? ' There is no baseline.'
      : ` PSI against the ${count(before)} of the baseline is ${short(psi)}; the limit is ${short(threshold)}.`;
  return `${name} of ${count(n)} users, ${percent(nullRate)} without a value.${values}${drift}`;
}
