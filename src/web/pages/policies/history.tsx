/** policy.control, newest first, with what each promote and rollback has come to. */
import type { PoliciesDocument } from '../../../service/application.js';
import { DataTable, type Column } from '../../view/data-table.js';
import { Card, Time } from '../../view/small.js';

export type Control = PoliciesDocument['history'][number];

export function History({ history }: Pick<PoliciesDocument, 'history'>) {
  return (
    <Card title="History">
      <DataTable
        label="History"
        columns={COLUMNS}
        rows={history}
        keyOf={({ control_id: id }) => id}
        empty="Nothing was promoted yet."
        isTall
      />
    </Card>
  );
}

const EFFECTS: Readonly<Partial<Record<NonNullable<Control['effect']>, string>>> = {
  repeats: ', a repeat',
  taken_back: ', taken back',
  nothing: ', changes nothing',
};

const COLUMNS: readonly Column<Control>[] = [
  { name: 'from', title: 'From', kind: 'nowrap', cell: ({ effective_at_ms: ms }) => <Time ms={ms} /> },
  {
    name: 'what',
    title: 'What',
    cell: ({ undo, type, effect }) => `${undo ? 'undo ' : ''}${type}${(effect === undefined ? undefined : EFFECTS[effect]) ?? ''}`,
  },
  { name: 'policy', title: 'Policy', cell: subject },
  {
    name: 'percent',
    title: 'Percent',
    kind: 'number',
    cell: ({ percent, holdout }) => `${percent ?? ''}${holdout ? `, ${holdout} held out` : ''}`,
  },
  { name: 'reason', title: 'Reason', kind: 'why', cell: ({ reason }) => reason ?? '' },
];

function subject({ policy, from, train_from_replay: isTrained, settings }: Control): string {
  if (policy) return `${policy}${from ? ` from ${from}` : ''}${isTrained ? ', trained' : ''}`;
  return settings ? JSON.stringify(settings) : '';
}
