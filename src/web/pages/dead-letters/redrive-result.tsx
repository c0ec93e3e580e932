/** What a redrive would send and change, or has sent. */
import type { RedriveDocument, RedrivenRow } from '../../../service/application.js';
import { addressIn } from '../../state/dead-letters.js';
import { changesOf, remarksOf, type ChangedValue } from '../../state/redrive.js';
import { DataTable, type Column } from '../../view/data-table.js';
import { UserLink } from '../../view/link.js';
import { DeadLetterLink, RecordLink } from '../../view/record-link.js';
import { Pill } from '../../view/small.js';

export function Remarks({ of }: { readonly of: RedriveDocument }) {
  return (
    <>
      {remarksOf(of).map((text) => (
        <p key={text} class="hint">
          {text}
        </p>
      ))}
    </>
  );
}

const RECORDS: readonly Column<RedrivenRow>[] = [
  {
    name: 'letter',
    title: 'Dead letter',
    kind: 'nowrap',
    isHeader: true,
    cell: ({ dead_letter: letter }) => <DeadLetterLink letter={addressIn(letter)} />,
  },
  {
    name: 'to',
    title: 'To',
    kind: 'nowrap',
    cell: ({ to: { topic, partition, offset } }) =>
      offset === undefined ? `${topic}/${partition}` : <RecordLink record={{ topic, partition, offset }} instead="" />,
  },
  { name: 'code', title: 'Was', kind: 'nowrap', cell: ({ code }) => code ?? 'not said' },
  { name: 'outcome', title: 'Would be', cell: ({ refused }) => <Outcome refused={refused} /> },
];

function Outcome({ refused }: Pick<RedrivenRow, 'refused'>) {
  if (refused === undefined) return <Pill tone="plain">sent</Pill>;
  if (refused === null) return <Pill tone="good">accepted</Pill>;
  return (
    <>
      <Pill tone="bad">refused</Pill> {refused.code}: {refused.message}
    </>
  );
}

export function Records({ rows }: { readonly rows: readonly RedrivenRow[] }) {
  if (rows.length === 0) return null;
  const isSent = rows[0]!.refused === undefined;
  return (
    <DataTable
      label={isSent ? 'Records that were put back' : 'Records that would be put back'}
      columns={isSent ? RECORDS.filter(({ name }) => name !== 'outcome') : RECORDS}
      rows={rows}
      keyOf={({ dead_letter: letter }) => letter}
      empty=""
      isTall
    />
  );
}

const CHANGES: readonly Column<ChangedValue>[] = [
  { name: 'user', title: 'User', kind: 'id', isHeader: true, cell: ({ user }) => <UserLink userId={user} /> },
  { name: 'feature', title: 'Feature', cell: ({ feature }) => feature },
  { name: 'before', title: 'Now', kind: 'number', cell: ({ before }) => before },
  { name: 'after', title: 'Then', kind: 'number', cell: ({ after }) => after },
];

export function Changes({ of }: { readonly of: RedriveDocument }) {
  const changes = changesOf(of);
  if (changes === undefined) return <p class="hint">There is no state here: what would change in profiles is not known.</p>;
  if (changes.length === 0) return <p>No profile would change as of now. Decisions, rewards and policies were not looked at.</p>;
  return (
    <>
      <p>These profiles would change as of now. Decisions, rewards and policies were not looked at.</p>
      <DataTable
        label="Profiles that would change"
        columns={CHANGES}
        rows={changes}
        keyOf={({ user, feature }) => `${feature} ${user}`}
        empty=""
        isTall
      />
    </>
  );
}
