/** What the lag page shows of the rows, as its address says. Pure. */
import type { LagRow, LagStatus } from '../../log/lag.js';

/** Worst first, as the service orders them. */
const WORST_FIRST: readonly LagStatus[] = ['stop', 'rewind', 'unassigned', 'stall', 'held', 'warn', 'ok'];

export const urgencyOf = (status: LagStatus): number => WORST_FIRST.indexOf(status);

export interface LagFilter {
  readonly topic?: string | undefined;
  readonly partition?: string | undefined;
  readonly status?: string | undefined;
}

/** Worst first; else by topic and partition, as the service lists them. */
export function shownRows(rows: readonly LagRow[], { topic, partition, status }: LagFilter): readonly LagRow[] {
  return rows
    .filter(
      (row) =>
        (!topic || row.topic.includes(topic)) && (!partition || String(row.partition) === partition) && (!status || row.status === status),
    )
    .sort((one, other) => urgencyOf(one.status) - urgencyOf(other.status));
}

export interface LagSum {
  readonly rows: number;
  readonly records: number;
  /** Of the oldest record that waits; null as soon as one is not known. */
  readonly seconds: number | null;
  readonly isApplied: boolean;
  /** How many rows have each status, worst first, those that none has left out. */
  readonly statuses: readonly (readonly [LagStatus, number])[];
}

export function sumOf(rows: readonly LagRow[]): LagSum {
  const numberOf = (status: LagStatus) => rows.filter((row) => row.status === status).length;
  return {
    rows: rows.length,
    records: rows.reduce((sum, { lag_records: records }) => sum + records, 0),
    seconds: rows.reduce<number | null>(
      (most, { lag_seconds: seconds }) => (most === null || seconds === null ? null : Math.max(most, seconds)),
      0,
    ),
    isApplied: rows.every(({ applied_offset: applied, high_watermark: end }) => applied === end),
    statuses: WORST_FIRST.map((status) => [status, numberOf(status)] as const).filter(([, number]) => number > 0),
  };
}
