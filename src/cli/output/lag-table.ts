/** Lag for a terminal: worst first, a line for each partition or each topic and partition, and their sum, within a given size. */
import { LAG_STATUSES, NOT_RUNNING } from '../../log/lag.js';
import type { GroupLagRow } from '../../log/group-lag.js';
import { printable } from './output.js';
import { fitted } from './words.js';

/** A row of either kind. */
type Row = Omit<GroupLagRow, 'member_id' | 'client_id' | 'host'> & Partial<GroupLagRow>;

export type LagDetail = 'partitions' | 'topics' | 'members' | 'everything';

export interface LagTableOptions {
  readonly detail: LagDetail;
  /** Longer lines are cut; absent: they are as wide as they need to be. */
  readonly columns?: number | undefined;
  /** What does not fit is counted; absent: all is there. */
  readonly rows?: number | undefined;
  /** Above the sum. */
  readonly notes?: readonly string[];
}

/** Lines without line ends: headings, rows, notes and the sum. */
export function lagTable(rows: readonly Row[], { detail, columns, rows: height, notes = [] }: LagTableOptions): string[] {
  const [headings, ...body] = aligned(CELLS[detail](rows));
  const below = [...(detail === 'members' ? worstReason(rows) : []), ...notes.map(printable), sumLine(rows)];
  return [headings!, ...folded(body, height === undefined ? Infinity : height - 1 - below.length), ...below].map((line) =>
    columns === undefined ? line : fitted(line, columns),
  );
}

/** At least one line of the rows stays, however low the terminal is. */
function folded(lines: readonly string[], room: number): readonly string[] {
  if (lines.length <= room) return lines;
  const shown = Math.max(1, room - 1);
  return [...lines.slice(0, shown), `and ${lines.length - shown} more`];
}

const CELLS: Readonly<Record<LagDetail, (rows: readonly Row[]) => string[][]>> = {
  partitions: byPartition,
  topics: byTopic,
  members: byMember,
  everything,
};

function aligned(lines: readonly string[][]): string[] {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((cells) => cells[column]!.length)));
  return lines.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

function byPartition(rows: readonly Row[]): string[][] {
  const partitions = grouped(rows);
  const ofEach = [...partitions.values()].map((ofPartition) => ({ worst: worstFirst(ofPartition)[0]!, rows: ofPartition }));
  ofEach.sort((a, b) => compare(a.worst, b.worst) || a.worst.partition - b.worst.partition);
  return [
    ['STATUS', 'PARTITION', 'LAG', 'SECONDS', 'WHY'],
    ...ofEach.map(({ worst, rows: all }) => [
      worst.status.toUpperCase(),
      String(worst.partition),
      String(sumOf(all)),
      known(oldest(all)),
      printable(all.every(({ reason }) => reason === worst.reason) ? worst.reason : `${worst.topic}: ${worst.reason}`),
    ]),
  ];
}

function byTopic(rows: readonly Row[]): string[][] {
  return [
    ['STATUS', 'TOPIC', 'PARTITION', 'APPLIED', 'END', 'LAG', 'SECONDS'],
    ...worstFirst(rows).map((row) => [
      row.status.toUpperCase(),
      ending(printable(row.topic), 24),
      ...[row.partition, row.applied_offset, row.high_watermark, row.lag_records, row.lag_seconds].map(known),
    ]),
  ];
}

function byMember(rows: readonly Row[]): string[][] {
  return [
    ['STATUS', 'TOPIC/PARTITION', 'COMMITTED', 'END', 'LAG', 'HOST', 'MEMBER'],
    ...worstFirst(rows).map((row) => [
      row.status.toUpperCase(),
      ending(`${printable(row.topic)}/${row.partition}`, 24),
      ...[row.committed_offset, row.high_watermark, row.lag_records].map(known),
      ...[row.host, row.member_id].map((text) => printable(text ?? '-')),
    ]),
  ];
}

function everything(rows: readonly Row[]): string[][] {
  const withMembers = rows.some(({ member_id: member }) => member !== undefined);
  return [
    [
      ...['STATUS', 'TOPIC', 'PARTITION', 'APPLIED', 'COMMITTED', 'STABLE', 'END', 'LAG', 'SECONDS', 'IN/S', 'OUT/S', 'CATCH UP'],
      ...(withMembers ? ['MEMBER', 'CLIENT', 'HOST'] : []),
      ...['RULE', 'WHY'],
    ],
    ...worstFirst(rows).map((row) => [
      row.status.toUpperCase(),
      printable(row.topic),
      ...[row.partition, row.applied_offset, row.committed_offset, row.last_stable_offset, row.high_watermark, row.lag_records].map(known),
      ...[row.lag_seconds, row.rate_in, row.rate_out, row.catch_up_seconds].map(known),
      ...(withMembers ? [row.member_id, row.client_id, row.host].map((text) => printable(text ?? '-')) : []),
      printable(row.rule),
      printable(row.reason),
    ]),
  ];
}

/** Where there is no column for it. */
function worstReason(rows: readonly Row[]): string[] {
  const [worst] = worstFirst(rows);
  return worst === undefined || worst.status === 'ok' ? [] : [printable(`${worst.topic}/${worst.partition}: ${worst.reason}`)];
}

function sumLine(rows: readonly Row[]): string {
  const counts = LAG_STATUSES.map((status) => ({ status, n: rows.filter((row) => row.status === status).length })).filter(({ n }) => n > 0);
  const oldestSeconds = oldest(rows);
  const age = oldestSeconds === null ? 'of unknown age' : `${oldestSeconds} s old`;
  const statuses = counts.map(({ status, n }) => `${n} ${status}`).join(', ') || 'none';
  const unknown = rows.some(({ lag_records: lag }) => lag === null) ? 'at least ' : '';
  const done = rows.some(({ applied_offset: applied }) => applied !== null) || rows.every(({ member_id: id }) => id === undefined);
  return `${unknown}${sumOf(rows)} records not ${done ? 'applied' : 'committed'}, the oldest ${age}; rows: ${statuses}`;
}

function worstFirst(rows: readonly Row[]): Row[] {
  return [...rows].sort((a, b) => compare(a, b) || (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition));
}

function compare(a: Row, b: Row): number {
  const waitsForStart = ({ rule }: Row) => Number(rule === NOT_RUNNING);
  const lag = ({ lag_records: records }: Row) => records ?? 0;
  return LAG_STATUSES.indexOf(a.status) - LAG_STATUSES.indexOf(b.status) || waitsForStart(a) - waitsForStart(b) || lag(b) - lag(a);
}

function sumOf(rows: readonly Row[]): number {
  return rows.reduce((sum, row) => sum + (row.lag_records ?? 0), 0);
}

/** null: of what waits, the age of none is known. */
function oldest(rows: readonly Row[]): number | null {
  const ages = rows.flatMap(({ lag_seconds: age, lag_records: lag }) => (age === null || lag === 0 ? [] : [age]));
  if (ages.length > 0) return Math.max(...ages);
  return rows.some(({ lag_seconds: age }) => age === null) ? null : 0;
}

function grouped(rows: readonly Row[]): Map<number, Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) groups.set(row.partition, [...(groups.get(row.partition) ?? []), row]);
  return groups;
}

function known(value: number | null): string {
  return value === null ? '-' : String(value);
}

/** The end of a name tells it from its neighbours. */
function ending(text: string, width: number): string {
  return text.length <= width ? text : `…${text.slice(text.length - width + 1)}`;
}
