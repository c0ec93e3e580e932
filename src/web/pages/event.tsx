/** A record of the log: its bytes, its headers, and what it did. */
import type { RecordAddress } from '../../log/record-address.js';
import type { RecordBytes, RecordDocument } from '../../service/application.js';
import { laidOut } from '../format/json.js';
import { count, counted } from '../format/numbers.js';
import type { PageProps } from '../page.js';
import { usePolled } from '../state/use-polled.js';
import { DataTable, type Column } from '../view/data-table.js';
import { Facts } from '../view/facts.js';
import { Link } from '../view/link.js';
import { RecordEffect } from '../view/record-effect.js';
import { recordPath } from '../view/record-link.js';
import { Answer, Card, Problem, Time } from '../view/small.js';

/** A record stays what it is; what it did may change. */
const ASKED_EVERY_SECONDS = 5;

export default function Event({ parameters }: PageProps) {
  const { topic, partition, offset } = parameters as { topic: string; partition: string; offset: string };
  const path = `/v1/events/${[topic, partition, offset].map(encodeURIComponent).join('/')}`;
  const record = usePolled<RecordDocument>(path, { atLeastSeconds: ASKED_EVERY_SECONDS });
  return (
    <Answer
      of={record}
      instead={(error) => (
        <div class="stack">
          <Problem error={error} />
          {error.code === 'not_found' ? <Beside address={{ topic, partition: Number(partition), offset: Number(offset) }} /> : null}
        </div>
      )}
    >
      {(document) => <Record record={document} />}
    </Answer>
  );
}

/** Beside an offset that holds no record there may be some. */
function Beside({ address }: { readonly address: RecordAddress }) {
  const { offset } = address;
  return <Neighbours address={address} previous={offset > 0 ? offset - 1 : null} next={offset + 1} />;
}

interface NeighboursProps {
  readonly address: RecordAddress;
  readonly previous: number | null;
  readonly next: number | null;
}

function Neighbours({ address, previous, next }: NeighboursProps) {
  const to = (offset: number | null, name: string, end: string) =>
    offset === null ? (
      <span class="muted">{end}</span>
    ) : (
      <Link to={recordPath({ ...address, offset })}>
        {name} ({count(offset)})
      </Link>
    );
  return (
    <nav class="line" aria-label="Records beside it">
      {to(previous, 'Previous record', 'the log begins here')}
      {to(next, 'Next record', 'the log ends here')}
    </nav>
  );
}

function Record({ record }: { readonly record: RecordDocument }) {
  const { topic, partition, offset, key, value, headers } = record;
  return (
    <div class="stack">
      <Card
        title="Record"
        aside={<Neighbours address={{ topic, partition, offset }} previous={record.previous_offset} next={record.next_offset} />}
      >
        <Facts
          of={[
            ['Lies at', `${topic} partition ${partition} offset ${count(offset)}`],
            ['Timestamp', <Time ms={record.timestamp_ms} />],
            ['Key', key === null ? <span class="muted">none</span> : <Bytes of={key} />],
            ['Applied', <Applied record={record} />],
          ]}
        />
      </Card>
      <Card title="What it did">
        <RecordEffect record={record} />
      </Card>
      <Card title="Value" aside={value === null ? null : <span class="about">{counted(value.bytes, 'byte')}</span>}>
        {value === null ? <p>None: the record is a tombstone.</p> : <Value of={value} />}
      </Card>
      <Card title="Headers">
        <DataTable
          label="Headers"
          columns={HEADERS}
          rows={headers.map((header, at) => ({ ...header, at }))}
          keyOf={({ at }) => String(at)}
          empty="The record has no headers."
        />
      </Card>
    </div>
  );
}

function Applied({ record: { applied, applied_to: next, is_folded: isFolded } }: { readonly record: RecordDocument }) {
  if (applied === null)
    return (
      <span class="muted">{isFolded ? 'Not known here: another process holds the partition.' : 'No state is made of this topic.'}</span>
    );
  return applied ? <>Yes. The state stands at offset {count(next)}.</> : <>Not yet. The state stands at offset {count(next)}.</>;
}

/** A short one, within a line. */
function Bytes({ of: { text, hex } }: { readonly of: RecordBytes }) {
  return text === null ? (
    <>
      <code class="bytes">{hex}</code> <span class="muted">in hexadecimal</span>
    </>
  ) : (
    <code class="bytes">{text}</code>
  );
}

function Value({ of: { text, hex } }: { readonly of: RecordBytes }) {
  const isText = text !== null;
  return (
    <>
      {isText ? null : <p class="hint">These bytes are not UTF-8. They are shown in hexadecimal.</p>}
      <pre class="value" tabIndex={0} role="region" aria-label="Value">
        {isText ? (laidOut(text) ?? text) : hex}
      </pre>
    </>
  );
}

interface HeaderRow {
  readonly at: number;
  readonly name: string;
  readonly value: RecordBytes | null;
}

const HEADERS: readonly Column<HeaderRow>[] = [
  { name: 'name', title: 'Header', isHeader: true, cell: ({ name }) => name },
  {
    name: 'value',
    title: 'Value',
    kind: 'id',
    cell: ({ value }) => (value === null ? <span class="muted">no value</span> : <Bytes of={value} />),
  },
];
