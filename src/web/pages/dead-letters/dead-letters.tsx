/** Records that were refused: how many of which kind, one row for each, and their redrive. */
import { useRef } from 'preact/hooks';
import type { DeadLettersDocument, DeadLetterSummary, LetterGroup } from '../../../service/application.js';
import { count } from '../../format/numbers.js';
import {
  MOST_ROWS,
  addressOf,
  keyText,
  listPath,
  moreRows,
  requestOf,
  rowsIn,
  sourceAddress,
  sumText,
  unreadText,
} from '../../state/dead-letters.js';
import { useFilter } from '../../state/use-filter.js';
import { usePolled } from '../../state/use-polled.js';
import { DataTable, type Column } from '../../view/data-table.js';
import { Link } from '../../view/link.js';
import { DeadLetterLink, RecordLink } from '../../view/record-link.js';
import { Answer, Card, Time } from '../../view/small.js';
import { LetterFilterForm } from './filter.js';
import { Redrive } from './redrive.js';

/** So many rows are a megabyte. */
const LONG_ROWS = 1_000;
const LONG_SECONDS = 15;

export default function DeadLetters() {
  const { values, set, clear } = useFilter(['topic', 'code', 'since', 'rows']);
  const rows = rowsIn(values.rows);
  const letters = usePolled<DeadLettersDocument>(listPath(values), { atLeastSeconds: rows > LONG_ROWS ? LONG_SECONDS : 0 });
  /** While another filter is asked for, the choices stay as they are. */
  const groups = useRef<readonly LetterGroup[]>([]);
  if (letters.document !== undefined) groups.current = letters.document.groups;
  const isFiltered = values.topic !== undefined || values.code !== undefined || values.since !== undefined;
  return (
    <div class="stack">
      <Card title="By reason and source">
        <LetterFilterForm values={values} groups={groups.current} set={set} clear={isFiltered ? clear : undefined} />
        <Answer of={letters}>
          {(document) => (
            <DataTable
              label="Refused records by reason and source"
              columns={GROUPS}
              rows={document.groups}
              keyOf={({ topic, code }) => `${topic} ${code}`}
              empty={
                values.since === undefined
                  ? 'No record was refused. When one is, this says why, and where it lies.'
                  : 'No record was refused since then. An earlier time, or none, shows more.'
              }
              sortParameter="groups"
            />
          )}
        </Answer>
      </Card>
      {letters.document === undefined ? null : (
        <>
          <Card title="Records">
            <p>{sumText(letters.document)}</p>
            {unreadText(letters.document).map((text) => (
              <p key={text} class="hint">
                {text}
              </p>
            ))}
            <DataTable
              label="Refused records"
              columns={LETTERS}
              rows={letters.document.letters}
              keyOf={addressOf}
              empty={
                isFiltered ? (
                  <>
                    No refused record is like that.{' '}
                    <button type="button" class="link" onClick={clear}>
                      Show all.
                    </button>
                  </>
                ) : (
                  'No record was refused.'
                )
              }
              sortParameter="sort"
              isTall
            />
            {letters.document.letters.length < letters.document.matching && rows < MOST_ROWS ? (
              <p class="actions">
                <button type="button" onClick={() => set({ rows: String(moreRows(rows)) })}>
                  Show {count(moreRows(rows))}
                </button>
              </p>
            ) : null}
          </Card>
          <Redrive
            of={requestOf(values, letters.document)}
            matching={letters.document.matching}
            running={letters.document.running_redrive}
          />
        </>
      )}
    </div>
  );
}

const GROUPS: readonly Column<LetterGroup>[] = [
  {
    name: 'code',
    title: 'Reason',
    isHeader: true,
    sortBy: ({ code }) => code,
    cell: ({ code, topic }) =>
      code === null ? (
        <span class="muted">not said</span>
      ) : (
        <Link to="/admin/dead-letters" query={{ topic, code }}>
          {code}
        </Link>
      ),
  },
  { name: 'topic', title: 'Source', sortBy: ({ topic }) => topic, cell: ({ topic }) => topic },
  { name: 'records', title: 'Records', kind: 'number', sortBy: ({ records }) => records, cell: ({ records }) => count(records) },
  {
    name: 'newest',
    title: 'Newest',
    kind: 'nowrap',
    sortBy: ({ newest_failed_at_ms: ms }) => -ms,
    cell: ({ newest_failed_at_ms: ms }) => <Time ms={ms} />,
  },
  {
    name: 'oldest',
    title: 'Oldest',
    kind: 'nowrap',
    sortBy: ({ oldest_failed_at_ms: ms }) => ms,
    cell: ({ oldest_failed_at_ms: ms }) => <Time ms={ms} />,
  },
];

const LETTERS: readonly Column<DeadLetterSummary>[] = [
  { name: 'letter', title: 'Dead letter', isHeader: true, sortBy: addressOf, cell: (letter) => <LetterLink letter={letter} /> },
  {
    name: 'failed',
    title: 'Refused',
    kind: 'nowrap',
    sortBy: ({ failed_at_ms: ms }) => (ms === null ? null : -ms),
    cell: ({ failed_at_ms: ms }) => (ms === null ? <span class="muted">not said</span> : <Time ms={ms} />),
  },
  {
    name: 'source',
    title: 'Source',
    kind: 'nowrap',
    sortBy: ({ source_topic: topic }) => topic,
    cell: (letter) => <RecordLink record={sourceAddress(letter)} instead="not said" />,
  },
  { name: 'key', title: 'Key', kind: 'id', sortBy: ({ key }) => keyText(key), cell: ({ key }) => keyText(key) },
  { name: 'code', title: 'Reason', kind: 'nowrap', sortBy: ({ code }) => code, cell: ({ code }) => code ?? 'not said' },
  { name: 'message', title: 'Why', kind: 'why', cell: ({ message }) => message ?? '' },
  {
    name: 'redrives',
    title: 'Redriven before',
    kind: 'number',
    sortBy: ({ redrive_count: redrives }) => redrives,
    cell: ({ redrive_count: redrives }) => count(redrives),
  },
  {
    name: 'letters',
    title: 'Letters',
    kind: 'number',
    sortBy: ({ repeated = 0 }) => repeated,
    cell: ({ repeated = 0 }) => count(repeated + 1),
  },
];

function LetterLink({ letter }: { readonly letter: DeadLetterSummary }) {
  const { topic, partition, offset } = letter;
  if (offset === null)
    return (
      <span title="It is in the folder dead-letters of the data directory alone: its topic did not take it.">{addressOf(letter)}</span>
    );
  return <DeadLetterLink letter={{ topic, partition, offset }} />;
}
