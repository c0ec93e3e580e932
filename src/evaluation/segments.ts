/** The same difference for groups of users and times: a gain on average must not be paid for by some. */
import { compareCodePoints } from '../events/strings.js';
import { pairedDifference } from './difference.js';
import { estimate } from './estimators.js';
import type { RewardedRow } from './row.js';
import type { GateThresholds } from './thresholds.js';

export interface SegmentReport {
  readonly dimension: string;
  readonly segment: string;
  readonly n: number;
  readonly ess: number;
  readonly difference: number;
  /** Of the interval, which shares alpha with the other segments (Bonferroni). */
  readonly low: number;
  readonly high: number;
  /** Whether there is enough to judge it by. */
  readonly judged: boolean;
  readonly harmed: boolean;
}

/** Sorted by dimension and segment. */
export function segmentReports(rows: readonly RewardedRow[], thresholds: GateThresholds): SegmentReport[] {
  const groups = new Map<string, { readonly dimension: string; readonly segment: string; readonly rows: RewardedRow[] }>();
  for (const row of rows) {
    for (const [dimension, segment] of Object.entries(row.segments)) {
      const key = JSON.stringify([dimension, segment]);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { dimension, segment, rows: [row] });
      else group.rows.push(row);
    }
  }
  const { clip, alpha, min_segment_ess: minEss, max_segment_harm: maxHarm } = thresholds;
  const reports = [...groups.values()].map(({ dimension, segment, rows: own }): SegmentReport => {
    const { mean, interval } = pairedDifference(own, clip, alpha / groups.size);
    const { ess } = estimate(own, clip);
    const judged = ess >= minEss;
    return { dimension, segment, n: own.length, ess, difference: mean!, low: interval.low, high: interval.high, judged, harmed: judged && interval.high < -maxHarm };
  });
  return reports.sort((a, b) => compareCodePoints(a.dimension, b.dimension) || compareCodePoints(a.segment, b.segment));
}

/** The judged segment with the smallest difference; of all when none can be judged; null of none. */
export function worstSegment(reports: readonly SegmentReport[]): SegmentReport | null {
  const judged = reports.filter((report) => report.judged);
  const among = judged.length > 0 ? judged : reports;
  return among.reduce<SegmentReport | null>((worst, report) => (worst === null || report.difference < worst.difference ? report : worst), null);
}
