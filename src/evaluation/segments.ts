/**
 * The same difference for groups of users and times: a gain on average must not be paid for by some.
 *
 * Two questions, two rules. Is a segment surely worse? Its interval says so, and those of all segments share alpha (Bonferroni), because
 * one of many would look worse by chance. Is it not worse by more than a margin? That has to be shown for every segment before a policy
 * is promoted, so each may be tested at alpha by itself: to be wrong about any, one would have to be wrong about that one
 * (intersection-union; Berger, Technometrics 24 (1982)). It takes decisions of that segment, so small ones are put together before they
 * are asked.
 */
import { compareCodePoints } from '../events/strings.js';
import type { RewardRange } from '../policies/controls/reward-rules.js';
import { DifferenceSums } from './difference.js';
import { EffectiveSize } from './effective-size.js';
import type { SegmentValues } from './power/power.js';
import { weightOf, type EvaluationRow } from './row.js';
import type { GateThresholds } from './thresholds.js';

export interface SegmentReport {
  readonly dimension: string;
  readonly segment: string;
  readonly n: number;
  readonly ess: number;
  readonly difference: number;
  /** Of the interval, which shares alpha with the other judged segments. */
  readonly low: number;
  readonly high: number;
  /** Whether there is enough to call it harmed. */
  readonly judged: boolean;
  /** It is surely worse. */
  readonly harmed: boolean;
  /** Whether harm above the margin is excluded; null: it is asked together with others, as OTHERS. */
  readonly harm_excluded: boolean | null;
  /** Where it is not: about how many more decisions of the segment it takes, if it is not worse; null: more would not help. */
  readonly more_decisions: number | null;
  /** What is put together in OTHERS; of a segment by itself none. */
  readonly merged: readonly string[];
}

/** The small segments of a dimension together. */
export const OTHERS = 'others';

interface Group {
  readonly dimension: string;
  readonly segment: string;
  readonly difference: DifferenceSums;
  readonly weights: EffectiveSize;
  readonly merged: readonly string[];
}

/**
 * Rows come one by one. Those without a reward count as 0: so it is the dones per decision that are compared, whether or not what was
 * chosen changes how many people react at all.
 */
export class SegmentSums {
  readonly #thresholds: GateThresholds;
  readonly #range: RewardRange;
  /** dimension -> segment -> group. */
  readonly #dimensions = new Map<string, Map<string, Group>>();

  constructor(thresholds: GateThresholds, range: RewardRange) {
    this.#thresholds = thresholds;
    this.#range = range;
  }

  add(row: EvaluationRow): void {
    for (const [dimension, segment] of Object.entries(row.segments)) {
      let groups = this.#dimensions.get(dimension);
      if (groups === undefined) this.#dimensions.set(dimension, (groups = new Map<string, Group>()));
      let group = groups.get(segment);
      if (group === undefined) groups.set(segment, (group = this.#group(dimension, segment)));
      group.difference.add(row);
      group.weights.add(weightOf(row));
    }
  }

  /** Sorted by dimension and segment, the small ones of a dimension once more as OTHERS. */
  get reports(): SegmentReport[] {
    const { alpha, min_segment_ess: minEss } = this.#thresholds;
    const asked = [...this.#dimensions.values()].flatMap((groups) => this.#asked(groups));
    // Those that are not judged cannot be judged wrongly: a thousand rare categories must not hide harm to a common one.
    const shared = alpha / Math.max(1, asked.filter(({ weights }) => weights.value >= minEss).length);
    const names = new Set(asked);
    const within = [...this.#dimensions.values()].flatMap((groups) => [...groups.values()]).filter((group) => !names.has(group));
    const reports = [
      ...asked.map((group) => this.#report(group, shared, true)),
      ...within.map((group) => this.#report(group, shared, false)),
    ];
    return reports.sort((a, b) => compareCodePoints(a.dimension, b.dimension) || compareCodePoints(a.segment, b.segment));
  }

  /** Those of which harm must be excluded, with what their decisions can say. */
  get asked(): SegmentValues[] {
    return [...this.#dimensions.values()]
      .flatMap((groups) => this.#asked(groups))
      .map(({ dimension, segment, difference: { values } }) => ({ name: `${dimension}=${segment}`, values }));
  }

  /** Of one dimension: the segments, with the small ones together. How large they are does not depend on rewards. */
  #asked(groups: ReadonlyMap<string, Group>): Group[] {
    const { min_segment_share: minShare, min_segment_ess: minEss } = this.#thresholds;
    const all = [...groups.values()];
    const rows = all.reduce((sum, { difference }) => sum + difference.n, 0);
    const isSmall = ({ segment, difference, weights }: Group): boolean =>
      segment === OTHERS || difference.n < minShare * rows || weights.value < minEss;
    const small = all.filter(isSmall);
    if (small.length < 2) return all;
    const others = this.#group(small[0]!.dimension, OTHERS, small.map(({ segment }) => segment).sort(compareCodePoints));
    for (const { difference, weights } of small) {
      others.difference.take(difference);
      others.weights.take(weights);
    }
    return [...all.filter((group) => !isSmall(group)), others];
  }

  #group(dimension: string, segment: string, merged: readonly string[] = []): Group {
    const difference = new DifferenceSums(-this.#thresholds.max_segment_harm, this.#range);
    return { dimension, segment, difference, weights: new EffectiveSize(), merged };
  }

  #report({ dimension, segment, difference, weights, merged }: Group, shared: number, asked: boolean): SegmentReport {
    const { alpha, min_segment_ess: minEss } = this.#thresholds;
    const interval = difference.interval(shared);
    const ess = weights.value;
    const judged = asked && ess >= minEss;
    const excluded = difference.logEvidence >= Math.log(1 / alpha);
    return {
      dimension,
      segment,
      n: difference.n,
      ess,
      difference: difference.mean!,
      low: interval.low,
      high: interval.high,
      judged,
      harmed: judged && interval.high < 0,
      harm_excluded: asked ? excluded : null,
      more_decisions: !asked || excluded ? 0 : moreUntil(difference, alpha),
      merged,
    };
  }
}

/** Whoever has seen enough and still cannot tell goes by what has been seen: the segment may be worse. */
function moreUntil(difference: DifferenceSums, alpha: number): number | null {
  const ifNotWorse = difference.rowsUntilIf(alpha, difference.likelyGain);
  if (ifNotWorse !== null && ifNotWorse > difference.n) return ifNotWorse - difference.n;
  const likeThese = difference.rowsUntil(alpha);
  return likeThese === null ? null : Math.max(1, likeThese - difference.n);
}

/** The judged segment with the smallest difference; of all when none can be judged; null of none. */
export function worstSegment(reports: readonly SegmentReport[]): SegmentReport | null {
  const judged = reports.filter((report) => report.judged);
  const among = judged.length > 0 ? judged : reports;
  return among.reduce<SegmentReport | null>(
    (worst, report) => (worst === null || report.difference < worst.difference ? report : worst),
    null,
  );
}

/** What is known of harm to the segment, as tables say it. */
export function harmWord({
  harmed,
  harm_excluded: excluded,
  more_decisions: more,
}: Pick<SegmentReport, 'harmed' | 'harm_excluded' | 'more_decisions'>): string {
  if (harmed) return 'harmed';
  if (excluded === null) return `in ${OTHERS}`;
  if (excluded) return 'no harm';
  return `cannot tell${more === null ? '' : `, ${more} more`}`;
}
