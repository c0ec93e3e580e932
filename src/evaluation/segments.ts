/** The same difference for groups of users and times: a gain on average must not be paid for by some. */
import { compareCodePoints } from '../events/strings.js';
import { pairedDifference } from './difference.js';
import { estimate } from './estimators.js';
import type { EvaluationRow } from './row.js';
import type { GateThresholds } from './thresholds.js';

export interface SegmentReport {
  readonly dimension: string;
  readonly segment: string;
  readonly n: number;
  readonly ess: number;
  readonly difference: number;
  /** Of the interval, which shares alpha with the other judged segments (Bonferroni). */
  readonly low: number;
  readonly high: number;
  /** Whether there is enough to judge it by. */
  readonly judged: boolean;
  readonly harmed: boolean;
}

/**
 * Sorted by dimension and segment. Rows without a reward count as 0: so it is the dones per decision that are compared, whether or not
 * what was chosen changes how many people react at all.
 */
export function segmentReports(rows: readonly EvaluationRow[], thresholds: GateThresholds): SegmentReport[] {
  const groups = new Map<string, { readonly dimension: string; readonly segment: string; readonly rows: EvaluationRow[] }>();
  for (const row of rows) {
    for (const [dimension, segment] of Object.entries(row.segments)) {
      const key = JSON.stringify([dimension, segment]);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { dimension, segment, rows: [row] });
      else group.rows.push(row);
    }
  }
  const { clip, alpha, min_segment_ess: minEss, max_segment_harm: maxHarm } = thresholds;
  const sized = [...groups.values()].map((group) => ({ ...group, ess: estimate(group.rows, clip).ess }));
  // Those that are not judged cannot be judged wrongly: a thousand rare categories must not hide harm to a common one.
  const shared = alpha / Math.max(1, sized.filter(({ ess }) => ess >= minEss).length);
  const reports = sized.map(({ dimension, segment, rows: own, ess }): SegmentReport => {
    const { mean, interval } = pairedDifference(own, shared);
    const judged = ess >= minEss;
    return {
      dimension,
      segment,
      n: own.length,
      ess,
      difference: mean!,
      low: interval.low,
      high: interval.high,
      judged,
      harmed: judged && interval.high < -maxHarm,
    };
  });
  return reports.sort((a, b) => compareCodePoints(a.dimension, b.dimension) || compareCodePoints(a.segment, b.segment));
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
