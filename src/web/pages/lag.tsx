/** Every partition of every topic: how far it is behind, by which rule, and when it will have caught up. */
import { useMemo } from 'preact/hooks';
import type { LagRow, LagStatus } from '../../log/lag.js';
import { count, counted, perSecond } from '../format/numbers.js';
import { durationText } from '../format/times.js';
import { shownRows, sumOf, urgencyOf, type LagSum } from '../state/lag-view.js';
import { useFilter } from '../state/use-filter.js';
import { useService } from '../state/use-service.js';
import { DataTable, type Column } from '../view/data-table.js';
import { LogIsAway } from '../view/log-is-away.js';
import { Answer, Card, Pill, type Tone } from '../view/small.js';

const TONES: Readonly<Record<LagStatus, Tone>> = {
  ok: 'good',
  warn: 'wait',
  held: 'wait',
  stall: 'bad',
  stop: 'bad',
  rewind: 'bad',
  unassigned: 'plain',
};

export default function Lag() {
  const { lag } = useService();
  return <Answer of={lag}>{(rows) => <LagTable rows={rows} />}</Answer>;
}

function LagTable({ rows }: { readonly rows: readonly LagRow[] }) {
  const { values, set, clear } = useFilter(['topic', 'partition', 'status']);
  const { topic, partition, status } = values;
  const shown = useMemo(() => shownRows(rows, values), [rows, topic, partition, status]);
  const partitions = useMemo(() => [...new Set(rows.map((row) => row.partition))].sort((a, b) => a - b), [rows]);
  const statuses = sumOf(rows).statuses;
  return (
    <Card title="Partitions of topics">
      <LogIsAway />
      <p class="lag-sum">
        <Sum of={sumOf(shown)} />
      </p>
      <form class="filter" role="search" onSubmit={(event) => event.preventDefault()}>
        <div>
          <label for="topic">Topic</label>
          <input
            id="topic"
            value={topic ?? ''}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => set({ topic: event.currentTarget.value || undefined })}
          />
        </div>
        <div>
          <label for="partition">Partition</label>
          <select id="partition" value={partition ?? ''} onChange={(event) => set({ partition: event.currentTarget.value || undefined })}>
            <option value="">all</option>
            {partitions.map((number) => (
              <option key={number}>{number}</option>
            ))}
          </select>
        </div>
        <div>
          <label for="status">Status</label>
          <select id="status" value={status ?? ''} onChange={(event) => set({ status: event.currentTarget.value || undefined })}>
            <option value="">all</option>
            {statuses.map(([each, number]) => (
              <option key={each} value={each}>
                {each} ({number})
              </option>
            ))}
            {status === undefined || statuses.some(([each]) => each === status) ? null : <option value={status}>{status} (0)</option>}
          </select>
        </div>
      </form>
      <DataTable
        label="Lag by topic and partition"
        columns={COLUMNS}
        rows={shown}
        keyOf={(row) => `${row.topic} ${row.partition}`}
        empty={
          rows.length === 0 ? (
            'No topic is read.'
          ) : (
            <>
              No partition is like that.{' '}
              <button type="button" class="link" onClick={clear}>
                Show all {rows.length}.
              </button>
            </>
          )
        }
        sortParameter="sort"
        isTall
      />
      <p class="hint">
        Rates are over the last minute that the service has watched. Caught up in: if both rates stay as they are. Committed is what the
        group last said to the log; it follows behind and decides nothing.
      </p>
    </Card>
  );
}

function Sum({ of: { records, seconds, isApplied, statuses } }: { readonly of: LagSum }) {
  const age = seconds === null ? 'of unknown age' : `${durationText(seconds * 1_000)} old`;
  return (
    <>
      {records === 0 && isApplied
        ? 'Everything in the log has been applied. '
        : `${counted(records, 'record')} behind, the oldest ${age}. `}
      {statuses.map(([status, number]) => (
        <span key={status}>
          <Pill tone={TONES[status]}>
            {number} {status}
          </Pill>{' '}
        </span>
      ))}
    </>
  );
}

const COLUMNS: readonly Column<LagRow>[] = [
  { name: 'topic', title: 'Topic', isHeader: true, cell: ({ topic }) => topic, sortBy: ({ topic }) => topic },
  { name: 'partition', title: 'Partition', kind: 'number', cell: ({ partition }) => partition, sortBy: ({ partition }) => partition },
  {
    name: 'status',
    title: 'Status',
    cell: ({ status }) => <Pill tone={TONES[status]}>{status}</Pill>,
    sortBy: ({ status }) => urgencyOf(status),
  },
  { name: 'records', title: 'Records', kind: 'number', cell: (row) => count(row.lag_records), sortBy: (row) => row.lag_records },
  {
    name: 'age',
    title: 'Oldest',
    kind: 'number',
    cell: ({ lag_seconds: seconds }) => duration(seconds),
    sortBy: ({ lag_seconds: seconds }) => seconds,
  },
  { name: 'in', title: 'In / s', kind: 'number', cell: ({ rate_in: rate }) => perSecond(rate), sortBy: ({ rate_in: rate }) => rate },
  { name: 'out', title: 'Out / s', kind: 'number', cell: ({ rate_out: rate }) => perSecond(rate), sortBy: ({ rate_out: rate }) => rate },
  {
    name: 'caught-up',
    title: 'Caught up in',
    kind: 'number',
    cell: ({ catch_up_seconds: seconds }) => duration(seconds),
    sortBy: ({ catch_up_seconds: seconds }) => seconds,
  },
  {
    name: 'applied',
    title: 'Applied',
    kind: 'number',
    cell: ({ applied_offset: offset }) => count(offset),
    sortBy: (row) => row.applied_offset,
  },
  {
    name: 'committed',
    title: 'Committed',
    kind: 'number',
    cell: ({ committed_offset: offset }) => count(offset),
    sortBy: (row) => row.committed_offset,
  },
  {
    name: 'stable',
    title: 'Last stable',
    kind: 'number',
    cell: (row) => count(row.last_stable_offset),
    sortBy: (row) => row.last_stable_offset,
  },
  { name: 'end', title: 'High watermark', kind: 'number', cell: (row) => count(row.high_watermark), sortBy: (row) => row.high_watermark },
  { name: 'why', title: 'Why', kind: 'why', cell: ({ reason, rule }) => <span title={rule}>{reason}</span> },
];

const duration = (seconds: number | null): string => (seconds === null ? count(null) : seconds === 0 ? '0' : durationText(seconds * 1_000));
