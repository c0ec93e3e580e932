/**
 * What is cached of a user's rows at both ends of the interval for which it claims to be exact, as compare-profile.ts does it of tips.
 * The counts of sessions are the naive ones; of kinds without a naive calculator, and where the log has lost events, they are sums over
 * the stored rows, every row looked at.
 */
import type { KindSet } from '../../projections/row-counts.js';
import type { Row } from '../../projections/row-kind.js';
import type { AuditedRowCount, AuditedRowCounts } from '../../store/queries/row-count-audit.js';
import { LAST_MS } from '../compare-profile.js';
import type { Report } from '../difference.js';

/** Of one kind. */
export interface ExpectedRows {
  readonly set: KindSet;
  /** How many the user has. */
  readonly count: number;
  readonly stored: readonly Row[];
  /** By family and time; undefined: none is known, and the stored rows are summed. */
  readonly naive: ((family: string, asOfMs: number) => ReadonlyMap<string, number> | undefined) | undefined;
}

/** `expected`: of all kinds of the registry. */
export function compareRowCounts(held: AuditedRowCounts, expected: readonly ExpectedRows[], report: Report): void {
  const cached = expected.filter(({ set }) => set.kind.newestOf === undefined);
  const numbers = new Map(held.numbers);
  for (const one of cached) {
    const { kind } = one.set;
    const count = held.kinds.get(kind.name);
    if ((count?.rows ?? 0) !== one.count)
      report({ kind: 'user', id: kind.name, feature: 'rows', live: count?.rows ?? null, replayed: one.count });
    if (count !== undefined) compareKind(count, numbers, one, report);
  }
  // Of kinds that cache nothing, and of families that the registry does not have.
  for (const kind of held.kinds.keys())
    if (!cached.some(({ set }) => set.kind.name === kind))
      report({ kind: 'user', id: kind, feature: 'cached counts', live: 'a row', replayed: null });
  for (const [feature, live] of numbers) report({ kind: 'cached_count', feature, live, replayed: 0 });
}

/** Takes from `numbers` those of the kind. */
function compareKind(held: AuditedRowCount, numbers: Map<string, number>, expected: ExpectedRows, report: Report): void {
  const { set } = expected;
  const counts = new Map(held.counts);
  for (const [name, count] of numbers) {
    if (!set.ordered.some(({ id }) => isOf(id, name))) continue;
    counts.set(name, count);
    numbers.delete(name);
  }
  const { afterMs, untilMs } = held;
  if (afterMs >= untilMs) {
    const replayed = `more than exact_after_ms, ${afterMs}`;
    return report({ kind: 'user', id: set.kind.name, feature: 'exact_until_ms', live: untilMs, replayed });
  }
  const reported = new Set<string>();
  for (const time of new Set([afterMs + 1, Math.min(untilMs, Math.max(LAST_MS, afterMs + 1))])) {
    const counted = countsAt(expected, time);
    for (const name of new Set([...counts.keys(), ...counted.keys()])) {
      const [live, replayed] = [counts.get(name) ?? 0, counted.get(name) ?? 0];
      if (live === replayed || reported.has(name)) continue;
      reported.add(name);
      report({ kind: 'cached_count', id: set.kind.name, feature: name, live, replayed });
    }
  }
}

/** With the three that an ordered family has beside its numbers. */
function countsAt({ set, stored, naive }: ExpectedRows, asOfMs: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const family of set.counters) {
    const counted = naive?.(family.id, asOfMs) ?? summed(family, stored, asOfMs);
    for (const [name, count] of counted) if (count !== 0) counts.set(name, count);
    if (family.ordered === true) for (const [name, count] of orderOf(family.id, counted)) counts.set(name, count);
  }
  return counts;
}

function summed(family: KindSet['counters'][number], rows: readonly Row[], asOfMs: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) family.contribute(row, asOfMs, (name, by) => counts.set(name, (counts.get(name) ?? 0) + by));
  return counts;
}

/** How many numbers there are, the lower of the two middle ones, and how many are smaller than it; nothing of none. */
function orderOf(id: string, counts: ReadonlyMap<string, number>): [name: string, count: number][] {
  const numbers = [...counts].flatMap(([name, count]) => Array.from({ length: count }, () => Number(name.slice(id.length + 1))));
  if (numbers.length === 0) return [];
  numbers.sort((a, b) => a - b);
  const median = numbers[Math.ceil(numbers.length / 2) - 1]!;
  const named: [string, number][] = [
    [`size:${id}`, numbers.length],
    [`smaller:${id}`, numbers.indexOf(median)],
    [`median:${id}`, median],
  ];
  return named;
}

export function isOf(family: string, name: string): boolean {
  return name === family || name.startsWith(`${family}:`);
}
