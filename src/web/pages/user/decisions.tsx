/** A user's decisions, newest first, a page at a time. */
import type { DecisionsDocument, DecisionSummary } from '../../../service/application.js';
import { count } from '../../format/numbers.js';
import { withQuery } from '../../state/address.js';
import { useNavigation } from '../../state/location.js';
import { usePolled } from '../../state/use-polled.js';
import { DataTable, type Column } from '../../view/data-table.js';
import { DecisionLink } from '../../view/decision-link.js';
import { RecordLink } from '../../view/record-link.js';
import { Answer, Card, Pill, Time } from '../../view/small.js';

const SHOWN = 20;

export interface DecisionsProps {
  readonly userId: string;
  readonly asOf: string | undefined;
}

export function Decisions({ userId, asOf }: DecisionsProps) {
  const { address, go } = useNavigation();
  const after = address.query['after'];
  const question = new URLSearchParams({ limit: String(SHOWN) });
  if (asOf !== undefined) question.set('as_of_ms', asOf);
  if (after !== undefined) question.set('after', after);
  const decisions = usePolled<DecisionsDocument>(`/v1/users/${encodeURIComponent(userId)}/decisions?${question}`, { keepsFormer: true });
  return (
    <Card title="Decisions">
      <Answer of={decisions}>
        {({ decisions: rows, next_after: next }) => (
          <>
            <DataTable
              label="Decisions"
              columns={columns(userId)}
              rows={rows}
              keyOf={({ decision_id: id }) => id}
              empty={
                after === undefined
                  ? 'No decision before then. One is made for each event in tip.candidates, and for each POST /score with a decision_id.'
                  : 'No older decision.'
              }
            />
            {asOf === undefined ? null : <p class="hint">Those requested before then, with their rewards as they are known now.</p>}
            <p class="actions">
              <button type="button" disabled={after === undefined} onClick={() => go(withQuery(address, { after: undefined }))}>
                Newest
              </button>
              <button type="button" disabled={next === null} onClick={() => go(withQuery(address, { after: next ?? undefined }))}>
                Older
              </button>
            </p>
          </>
        )}
      </Answer>
    </Card>
  );
}

const columns = (userId: string): readonly Column<DecisionSummary>[] => [
  { name: 'requested', title: 'Requested', kind: 'nowrap', cell: ({ requested_at_ms: ms }) => <Time ms={ms} /> },
  {
    name: 'decision',
    title: 'Decision',
    kind: 'id',
    isHeader: true,
    cell: ({ decision_id: id }) => <DecisionLink userId={userId} decisionId={id} />,
  },
  { name: 'policy', title: 'Policy', kind: 'nowrap', cell: ({ policy }) => policy },
  { name: 'chosen', title: 'Chosen tip', kind: 'id', cell: ({ chosen_tip_id: tip }) => tip },
  {
    name: 'shadow',
    title: "Shadow's choice",
    kind: 'id',
    cell: ({ shadow_tip_id: shadow, chosen_tip_id: chosen }) =>
      shadow === null ? <span class="muted">none</span> : shadow === chosen ? <Pill tone="good">agrees</Pill> : shadow,
  },
  {
    name: 'kind',
    title: 'Kind',
    kind: 'nowrap',
    cell: ({ explored }) => (explored ? <Pill tone="wait">explored</Pill> : <span class="muted">best</span>),
  },
  { name: 'of', title: 'Of', kind: 'number', cell: ({ candidates }) => count(candidates) },
  {
    name: 'reward',
    title: 'Reward',
    kind: 'number',
    cell: ({ reward }) => (reward === null ? <span class="muted">none yet</span> : String(reward)),
  },
  { name: 'record', title: 'Record', kind: 'nowrap', cell: ({ record }) => <RecordLink record={record} instead="not read back yet" /> },
];
