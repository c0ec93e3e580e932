/** One dead letter: why it was refused, where from, its bytes, what its schema wants, and its redrive. */
import type { ComponentChildren } from 'preact';
import type { WholeLetter } from '../../../service/application.js';
import { bytesOf, textOf } from '../../format/bytes.js';
import { count, counted } from '../../format/numbers.js';
import type { PageProps } from '../../page.js';
import { pathTo } from '../../state/address.js';
import { headerRows, keyText, sourceAddress, type HeaderRow } from '../../state/dead-letters.js';
import { schemaFields, type SchemaField } from '../../state/schema-fields.js';
import { usePolled } from '../../state/use-polled.js';
import { Facts } from '../../view/facts.js';
import { RecordLink } from '../../view/record-link.js';
import { DataTable, type Column } from '../../view/data-table.js';
import { Link } from '../../view/link.js';
import { RawBytes } from '../../view/raw-bytes.js';
import { Answer, Card, Pill, Time } from '../../view/small.js';
import { Redrive } from './redrive.js';

/** A record stays what it is, until retention deletes it. */
const ASKED_EVERY_SECONDS = 60;

export default function DeadLetter({ parameters }: PageProps) {
  const address = { topic: parameters['topic']!, partition: parameters['partition']!, offset: parameters['offset']! };
  const letter = usePolled<WholeLetter>(pathTo('/v1/dead-letters/{topic}/{partition}/{offset}', address), {
    atLeastSeconds: ASKED_EVERY_SECONDS,
  });
  return (
    <div class="stack">
      <p>
        <Link to="/admin/dead-letters">All dead letters</Link>
      </p>
      <Answer of={letter}>{(document) => <Letter letter={document} />}</Answer>
    </div>
  );
}

function Letter({ letter }: { readonly letter: WholeLetter }) {
  const { topic, partition, offset, kept, value_hex: value, schema, headers } = letter;
  return (
    <div class="stack">
      <Card title="Why">
        <Facts of={why(letter)} />
      </Card>
      <Card title="Value">
        {kept === undefined ? <RawBytes label="Value" hex={value} /> : <Kept kept={kept} />}
        <HeaderTable rows={headerRows(headers)} />
      </Card>
      <Card title="What its schema wants">
        <DataTable
          label={`Fields of ${String(schema['title'])}`}
          columns={FIELDS}
          rows={schemaFields(schema)}
          keyOf={({ name }) => name}
          empty="The schema names no field."
        />
        <details>
          <summary>The schema</summary>
          <pre class="raw" tabIndex={0} role="region" aria-label="JSON Schema">
            {JSON.stringify(schema, null, 2)}
          </pre>
        </details>
      </Card>
      <Redrive of={{ dead_letter: `${topic}/${partition}/${offset}` }} text={value === null ? undefined : textOf(bytesOf(value))} />
    </div>
  );
}

type Fact = readonly [name: string, fact: ComponentChildren];

function why(letter: WholeLetter): readonly Fact[] {
  const { code, stage, message, failed_at_ms: failedAtMs, group, redrive_count: redrives, key, key_hex: keyHex } = letter;
  const notSaid = <span class="muted">not said</span>;
  return [
    [
      'Reason',
      code === null ? (
        notSaid
      ) : (
        <>
          <Pill tone="bad">{code}</Pill>
          {stage === null ? '' : ` at ${stage}`}
        </>
      ),
    ],
    ['Message', message ?? notSaid],
    ['Refused', failedAtMs === null ? notSaid : <Time ms={failedAtMs} />],
    ['By the group', group ?? notSaid],
    ['Source record', <RecordLink record={sourceAddress(letter)} instead="The letter does not say where it lies." />],
    ['Key', keyHex === null ? 'none' : `${keyText(key)} (${keyHex.match(/../g)?.join(' ') ?? 'empty'})`],
    ['Redriven before', redrives === null ? notSaid : redrives === 0 ? 'never' : counted(redrives, 'time')],
  ];
}

function Kept({ kept: { bytes, sha256, file, record } }: { readonly kept: NonNullable<WholeLetter['kept']> }) {
  return (
    <p>
      The value of {count(bytes)} bytes did not fit the topic of dead letters.{' '}
      {file === undefined && record === undefined
        ? 'It is where the source record lies, if anywhere.'
        : `It is in the folder dead-letters of the data directory, as ${file ?? record}.`}{' '}
      Its SHA-256 is <code class="id">{sha256}</code>.
    </p>
  );
}

const HEADERS: readonly Column<HeaderRow>[] = [
  { name: 'name', title: 'Header', isHeader: true, cell: ({ name }) => name },
  { name: 'value', title: 'Value', kind: 'id', cell: ({ value }) => value },
];

function HeaderTable({ rows }: { readonly rows: readonly HeaderRow[] }) {
  return (
    <DataTable
      label="Headers of the record"
      columns={HEADERS}
      rows={rows}
      keyOf={({ name, at }) => `${name} ${at}`}
      empty="The record has no headers of its own."
    />
  );
}

const FIELDS: readonly Column<SchemaField>[] = [
  { name: 'name', title: 'Field', isHeader: true, cell: ({ name }) => name },
  { name: 'required', title: 'Required', cell: ({ isRequired }) => (isRequired ? 'yes' : <span class="muted">no</span>) },
  { name: 'wants', title: 'Wants', cell: ({ wants }) => wants },
  { name: 'description', title: 'What it says', kind: 'why', cell: ({ description }) => description },
];
