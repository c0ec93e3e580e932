/** Who changed what, newest first: each change that was asked for over HTTP, by a command or made by the service itself. */
import { useRef } from 'preact/hooks';
import type { AuditDocument, TrailEntry } from '../../service/application.js';
import { count } from '../format/numbers.js';
import { asOfGiven } from '../format/times.js';
import { ACTIONS, auditPath, byText, leftOutText, MOST_ROWS, moreText, rowsIn, whoText, type AuditFilter } from '../state/audit.js';
import { useFilter } from '../state/use-filter.js';
import { usePolled } from '../state/use-polled.js';
import { DataTable, type Column } from '../view/data-table.js';
import { Link, UserLink } from '../view/link.js';
import { Prose } from '../view/prose.js';
import { DeadLetterLink, RecordLink } from '../view/record-link.js';
import { Answer, Card, Pill, Time, type Tone } from '../view/small.js';
import { addressIn } from '../state/dead-letters.js';
import { FilterActions, FilterText } from '../view/filter-parts.js';

const TONES: Readonly<Record<TrailEntry['outcome'], Tone>> = {
  done: 'good',
  begun: 'plain',
  refused: 'wait',
  stopped: 'wait',
  failed: 'bad',
};

const NOTHING_YET =
  'Nobody has changed anything yet. A promotion, a reset, a rebuild or a redrive is an entry here, and so are events that are appended ' +
  'over HTTP or by a command.';

export default function Audit() {
  const { values, set, clear } = useFilter(['actor', 'action', 'since', 'rows']);
  const trail = usePolled<AuditDocument>(auditPath(values), { keepsFormer: true });
  const isFiltered = values.actor !== undefined || values.action !== undefined || values.since !== undefined;
  return (
    <Card title="Changes">
      <FilterForm values={values} set={set} clear={isFiltered ? clear : undefined} />
      <Answer of={trail}>
        {(document) => (
          <>
            <DataTable
              label="Changes, newest first"
              columns={COLUMNS}
              rows={document.entries}
              keyOf={({ partition, offset }) => `${partition} ${offset}`}
              empty={
                isFiltered ? (
                  <>
                    No change is like that.{' '}
                    <button type="button" class="link" onClick={clear}>
                      Show all.
                    </button>
                  </>
                ) : (
                  NOTHING_YET
                )
              }
              isTall
            />
            {leftOutText(document, document.entries.length).map((text) => (
              <p key={text} class="hint">
                <Prose text={text} />
              </p>
            ))}
            {document.more && rowsIn(values.rows) < MOST_ROWS ? (
              <p class="actions">
                <button type="button" onClick={() => set({ rows: String(MOST_ROWS) })}>
                  Show {count(MOST_ROWS)}
                </button>
              </p>
            ) : null}
          </>
        )}
      </Answer>
      <p class="hint">
        Each row is an event on tipstream.audit. Events that a caller appends over HTTP are one row for all its requests within 10 s. What a
        program changes through the library, or writes to Kafka itself, is not here.
      </p>
    </Card>
  );
}

interface FilterFormProps {
  readonly values: AuditFilter;
  readonly set: (changes: AuditFilter) => void;
  /** Absent: nothing is filtered. */
  readonly clear: (() => void) | undefined;
}

function FilterForm({ values, set, clear }: FilterFormProps) {
  const who = useRef<HTMLInputElement>(null);
  const since = useRef<HTMLInputElement>(null);
  return (
    <form
      class="filter letters"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        set({ actor: who.current!.value.trim() || undefined, since: asOfGiven(since.current!.value) });
      }}
    >
      <div>
        <label for="action">About</label>
        <select id="action" value={values.action ?? ''} onChange={(event) => set({ action: event.currentTarget.value || undefined })}>
          <option value="">everything</option>
          {Object.entries(ACTIONS).map(([action, text]) => (
            <option key={action} value={action}>
              {text}
            </option>
          ))}
          {values.action === undefined || values.action in ACTIONS ? null : <option value={values.action}>{values.action}</option>}
        </select>
      </div>
      <FilterText id="actor" label="Who" value={values.actor} placeholder="anybody" help="filter-help" field={who} />
      <FilterText id="since" label="Since" value={values.since} placeholder="the beginning" help="filter-help" field={since} />
      <FilterActions clear={clear} />
      <p id="filter-help" class="hint whole">
        Who: the name of a token or of a user of this machine, or token, command, service. Since: Unix ms or ISO 8601 in UTC, such as
        2026-01-31T18:00.
      </p>
    </form>
  );
}

const COLUMNS: readonly Column<TrailEntry>[] = [
  { name: 'when', title: 'When', kind: 'nowrap', cell: ({ at_ms: ms }) => <Time ms={ms} /> },
  { name: 'who', title: 'Who', kind: 'nowrap', cell: ({ actor }) => <span title={byText(actor)}>{whoText(actor)}</span> },
  { name: 'action', title: 'Action', kind: 'nowrap', isHeader: true, cell: ({ action }) => action },
  { name: 'target', title: 'Of', kind: 'id', cell: (entry) => <Target {...entry} /> },
  { name: 'outcome', title: 'Outcome', cell: ({ outcome }) => <Pill tone={TONES[outcome]}>{outcome}</Pill> },
  { name: 'more', title: 'More', kind: 'why', cell: moreText },
  { name: 'record', title: 'Record', kind: 'nowrap', cell: (entry) => <RecordLink record={entry} instead="" /> },
];

function Target({ target }: TrailEntry) {
  if (target == null) return null;
  const { kind, id } = target;
  if (kind === 'user') return <UserLink userId={id} />;
  if (kind === 'policy') return <Link to="/admin/policies">{id}</Link>;
  if (kind === 'dead_letter') return <DeadLetterLink letter={addressIn(id)} />;
  return (
    <>
      {kind} {id}
    </>
  );
}
