/** The events behind a profile, or behind one feature, each with its record; and how far the log was searched for the records. */
import type { EventBehind, ProvenanceDocument, RowBehind, Search } from '../../../service/application.js';
import { count, counted, percent } from '../../format/numbers.js';
import { columnsText, rowText } from '../../format/rows.js';
import { DataTable, type Column } from '../../view/data-table.js';
import { RecordLink } from '../../view/record-link.js';
import { Card, Problem, Time } from '../../view/small.js';

export function EventsBehind({ provenance, feature }: { readonly provenance: ProvenanceDocument; readonly feature: string | undefined }) {
  const { events, rows, events_omitted: omitted, search } = provenance;
  const isShown = ({ features }: { readonly features: readonly string[] }) => feature === undefined || features.includes(feature);
  const [shown, shownRows] = [events.filter(isShown), rows.filter(isShown)];
  const isWanted = ({ name }: { readonly name: string }) => feature === undefined || name !== 'features';
  return (
    <Card
      title={`Events behind ${feature ?? 'the profile'}`}
      aside={<span class="about">{counted(shown.length + shownRows.length, 'event')}</span>}
    >
      <SearchState search={search} />
      {shown.length === 0 && shownRows.length > 0 ? null : (
        <DataTable
          label={`Events behind ${feature ?? 'the profile'}`}
          columns={COLUMNS.filter(isWanted)}
          rows={shown}
          keyOf={({ tip_id: tip, happening }) => `${happening} ${tip}`}
          empty={
            feature === undefined
              ? 'No event is counted as of then.'
              : 'No event is counted in it as of then: it is empty. Choose another feature, or another time.'
          }
          sortParameter="sort"
          isTall
        />
      )}
      {shownRows.length === 0 ? null : (
        <DataTable
          label={`Rows behind ${feature ?? 'the profile'}`}
          columns={ROW_COLUMNS.filter(isWanted)}
          rows={shownRows}
          keyOf={({ table, row }) => `${table} ${JSON.stringify(row)}`}
          empty=""
          sortParameter="sort_rows"
          isTall
        />
      )}
      {omitted === 0 ? null : <p class="hint">{counted(omitted, 'older event')} are behind the profile too and are not shown.</p>}
    </Card>
  );
}

export interface SearchStateProps {
  readonly search: Search;
  /** The values themselves wait for the search. */
  readonly isUnread?: boolean;
}

/** How far the log was searched, in words. */
export function SearchState({ search: { state, partitions, error }, isUnread = false }: SearchStateProps) {
  const looked = partitions.reduce((sum, { from, to }) => sum + to - from, 0);
  const all = partitions.reduce((sum, { low, end }) => sum + Math.max(0, end - low), 0);
  const where = partitions.map(({ topic, partition, from, to }) => `${topic}/${partition} from ${count(from)} to ${count(to)}`).join(', ');
  switch (state) {
    case 'found':
      return <p class="hint">Offsets looked at for the records: {where}.</p>;
    case 'reading':
      return (
        <div role="group" aria-label="Search">
          <label for="search-progress">
            Looking for the records in the log: {percent(all === 0 ? 1 : looked / all)} of {counted(all, 'offset')} looked at. Every refresh
            goes on; a pause stops it.
          </label>
          <progress id="search-progress" value={looked} max={Math.max(1, all)} />
          <p class="hint">Looked at so far: {where}.</p>
        </div>
      );
    case 'exhausted':
      return (
        <p class="notice">
          Some records are not in the log: {counted(all, 'offset')} were looked at, which is all that it holds ({where}). Retention deleted
          them, or the state is damaged: check it against the log below.
        </p>
      );
    case 'failed':
      return (
        <Problem error={{ code: error!.code, message: `The records could not be looked for: ${error!.message}`, hint: error!.hint }}>
          <p class="hint">
            {isUnread ? 'Without them there are no values.' : 'The values are exact all the same.'} Looked at: {where}.
          </p>
        </Problem>
      );
  }
}

const COLUMNS: readonly Column<EventBehind>[] = [
  { name: 'at', title: 'Time', kind: 'nowrap', cell: ({ at_ms: ms }) => <Time ms={ms} />, sortBy: ({ at_ms: ms }) => ms },
  { name: 'what', title: 'What', kind: 'nowrap', cell: ({ happening }) => happening, sortBy: ({ happening }) => happening },
  { name: 'tip', title: 'Tip', kind: 'id', isHeader: true, cell: ({ tip_id: tip }) => tip, sortBy: ({ tip_id: tip }) => tip },
  {
    name: 'record',
    title: 'Record',
    kind: 'id',
    cell: ({ record }) => <RecordLink record={record} instead="not found in what was looked at" />,
    sortBy: ({ record }) => record?.offset ?? -1,
  },
  { name: 'features', title: 'Behind', kind: 'why', cell: ({ features }) => features.join(', ') },
];

const ROW_COLUMNS: readonly Column<RowBehind>[] = [
  { name: 'at', title: 'Time', kind: 'nowrap', cell: ({ at_ms: ms }) => <Time ms={ms} />, sortBy: ({ at_ms: ms }) => ms },
  { name: 'row', title: 'Row', kind: 'id', isHeader: true, cell: rowText, sortBy: rowText },
  { name: 'columns', title: 'Says', kind: 'why', cell: columnsText },
  {
    name: 'records',
    title: 'Records',
    kind: 'id',
    cell: ({ records }) =>
      records.length === 0 ? (
        <RecordLink record={null} instead="not found in what was looked at" />
      ) : (
        records.map((record) => <RecordLink key={`${record.topic} ${record.offset}`} record={record} instead="" />)
      ),
  },
  { name: 'features', title: 'Behind', kind: 'why', cell: ({ features }) => features.join(', ') },
];
