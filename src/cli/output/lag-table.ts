/** Lag for a terminal of 80 columns: worst first, a line for each partition or each topic and partition, and their sum. */
import { LAG_STATUSES, NOT_RUNNING, type LagRow } from '../../log/lag.js';
import { printable } from './output.js';

const WIDTH = 80;

export type LagDetail = 'partitions' | 'topics' | 'everything';

/** Lines without line ends. `everything` is as wide as it needs to be. */
export function lagTable(rows: readonly LagRow[], detail: LagDetail): string[] {
  const lines = detail === 'everything' ? everything(rows) : detail === 'topics' ? byTopic(rows) : byPartition(rows);
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((cells) => cells[column]!.length)));
  const texts = lines.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  return [...texts, sumLine(rows)].map((line) => (detail === 'everything' ? line : cut(line, WIDTH)));
}

function byPartition(rows: readonly LagRow[]): string[][] {
  const partitions = grouped(rows);
  const folded = [...partitions.values()].map((ofPartition) => ({ worst: worstFirst(ofPartition)[0]!, rows: ofPartition }));
  folded.sort((a, b) => compare(a.worst, b.worst) || a.worst.partition - b.worst.partition);
  return [
    ['STATUS', 'PARTITION', 'LAG', 'SECONDS', 'WHY'],
    ...folded.map(({ worst, rows: all }) => [
      worst.status.toUpperCase(),
      String(worst.partition),
      String(sumOf(all)),
      seconds(oldest(all)),
      printable(all.every(({ reason }) => reason === worst.reason) ? worst.reason : `${worst.topic}: ${worst.reason}`),
    ]),
  ];
}

function byTopic(rows: readonly LagRow[]): string[][] {
  return [
    ['STATUS', 'TOPIC', 'PARTITION', 'APPLIED', 'END', 'LAG', 'SECONDS'],
    ...worstFirst(rows).map((row) => [
      row.status.toUpperCase(),
      cut(printable(row.topic), 24),
      String(row.partition),
      String(row.applied_offset ?? '-'),
      String(row.high_watermark),
      String(row.lag_records),
      seconds(row.lag_seconds),
    ]),
  ];
}

function everything(rows: readonly LagRow[]): string[][] {
  return [
    ['STATUS', 'TOPIC', 'PARTITION', 'APPLIED', 'COMMITTED', 'STABLE', 'END', 'LAG', 'SECONDS', 'IN/S', 'OUT/S', 'CATCH UP', 'RULE', 'WHY'],
    ...worstFirst(rows).map((row) => [
      row.status.toUpperCase(),
      printable(row.topic),
      ...[row.partition, row.applied_offset, row.committed_offset, row.last_stable_offset, row.high_watermark, row.lag_records].map(
        (value) => String(value ?? '-'),
      ),
      ...[row.lag_seconds, row.rate_in, row.rate_out, row.catch_up_seconds].map(seconds),
      printable(row.rule),
      printable(row.reason),
    ]),
  ];
}

function sumLine(rows: readonly LagRow[]): string {
  const counts = LAG_STATUSES.map((status) => ({ status, n: rows.filter((row) => row.status === status).length })).filter(({ n }) => n > 0);
  const oldestSeconds = oldest(rows);
  const age = oldestSeconds === null ? 'of unknown age' : `${oldestSeconds} s old`;
  const statuses = counts.map(({ status, n }) => `${n} ${status}`).join(', ') || 'none';
  return `${sumOf(rows)} records not applied, the oldest ${age}; rows: ${statuses}`;
}

function worstFirst(rows: readonly LagRow[]): LagRow[] {
  return [...rows].sort((a, b) => compare(a, b) || (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition));
}

function compare(a: LagRow, b: LagRow): number {
  const waitsForStart = ({ rule }: LagRow) => Number(rule === NOT_RUNNING);
  return (
    LAG_STATUSES.indexOf(a.status) - LAG_STATUSES.indexOf(b.status) || waitsForStart(a) - waitsForStart(b) || b.lag_records - a.lag_records
  );
}

function sumOf(rows: readonly LagRow[]): number {
  return rows.reduce((sum, row) => sum + row.lag_records, 0);
}

/** null: of what waits, the age of none is known. */
function oldest(rows: readonly LagRow[]): number | null {
  const known = rows.flatMap(({ lag_seconds: age, lag_records: lag }) => (age === null || lag === 0 ? [] : [age]));
  if (known.length > 0) return Math.max(...known);
  return rows.some(({ lag_seconds: age }) => age === null) ? null : 0;
}

function grouped(rows: readonly LagRow[]): Map<number, LagRow[]> {
  const groups = new Map<number, LagRow[]>();
  for (const row of rows) groups.set(row.partition, [...(groups.get(row.partition) ?? []), row]);
  return groups;
}

function seconds(value: number | null): string {
  return value === null ? '-' : String(value);
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
