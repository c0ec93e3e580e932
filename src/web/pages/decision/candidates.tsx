/** The candidates of a decision: score and propensity, live beside the shadow's. */
import type { Choice, ScoredCandidate } from '../../../service/application.js';
import { percent } from '../../format/numbers.js';
import { DataTable, type Column } from '../../view/data-table.js';
import { Card, Pill } from '../../view/small.js';

export interface CandidatesProps {
  readonly live: Choice;
  readonly shadow: Choice | null;
  /** The tip whose vector is shown. */
  readonly chosen: string;
  readonly onChoose: (tipId: string) => void;
}

interface Row {
  readonly live: ScoredCandidate;
  readonly shadow: ScoredCandidate | undefined;
  readonly isLiveChoice: boolean;
  readonly isShadowChoice: boolean;
}

export function Candidates({ live, shadow, chosen, onChoose }: CandidatesProps) {
  const byTip = new Map(shadow?.candidates.map((candidate) => [candidate.tip_id, candidate]));
  const rows = live.candidates.map((candidate) => ({
    live: candidate,
    shadow: byTip.get(candidate.tip_id),
    isLiveChoice: candidate.tip_id === live.chosen_tip_id,
    isShadowChoice: candidate.tip_id === shadow?.chosen_tip_id,
  }));
  return (
    <Card title="Candidates">
      <p class="hint">
        Choose one to see its score, entry by entry. The draw chooses along the propensities, in the order of the tips' ids.
      </p>
      <DataTable
        label="Candidates"
        columns={columns(chosen, onChoose).filter(({ name }) => shadow !== null || !name.startsWith('shadow'))}
        rows={rows}
        keyOf={({ live: { tip_id: id } }) => id}
        empty="The decision has no candidates."
        sortParameter="sort"
        isTall
      />
    </Card>
  );
}

const columns = (chosen: string, choose: CandidatesProps['onChoose']): readonly Column<Row>[] => [
  {
    name: 'tip',
    title: 'Tip',
    kind: 'id',
    isHeader: true,
    cell: ({ live: { tip_id: id }, isLiveChoice, isShadowChoice }) => (
      <>
        <button type="button" class="link" aria-pressed={id === chosen} onClick={() => choose(id)}>
          {id}
        </button>{' '}
        {isLiveChoice ? <Pill tone="good">live</Pill> : null} {isShadowChoice ? <Pill tone="plain">shadow</Pill> : null}
      </>
    ),
    sortBy: ({ live: { tip_id: id } }) => id,
  },
  { name: 'score', title: 'Score', kind: 'number', cell: ({ live }) => String(live.score), sortBy: ({ live }) => live.score },
  {
    name: 'propensity',
    title: 'Propensity',
    kind: 'number',
    cell: ({ live }) => percent(live.propensity),
    sortBy: ({ live }) => live.propensity,
  },
  {
    name: 'shadow_score',
    title: "Shadow's score",
    kind: 'number',
    cell: ({ shadow }) => (shadow === undefined ? <span class="muted">none</span> : String(shadow.score)),
    sortBy: ({ shadow }) => shadow?.score ?? -Infinity,
  },
  {
    name: 'shadow_propensity',
    title: "Shadow's propensity",
    kind: 'number',
    cell: ({ shadow }) => percent(shadow?.propensity),
    sortBy: ({ shadow }) => shadow?.propensity ?? -Infinity,
  },
];
