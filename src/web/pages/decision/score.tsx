/** The score of one candidate: its vector times theta, entry by entry, live beside the shadow's. */
import type { Choice, ScoredCandidate } from '../../../service/application.js';
import { DataTable, type Column } from '../../view/data-table.js';
import { Card, Pill } from '../../view/small.js';

export interface ScoreProps {
  readonly live: Choice;
  readonly shadow: Choice | null;
  readonly tip: string;
}

interface Term {
  readonly entry: number;
  readonly theta: number;
  readonly product: number;
}

interface Row {
  readonly name: string;
  readonly live: Term | undefined;
  readonly shadow: Term | undefined;
}

export function Score({ live, shadow, tip }: ScoreProps) {
  const [ofLive, ofShadow] = [termsOf(live, tip), termsOf(shadow, tip)];
  const rows = [...new Set([...ofLive.keys(), ...ofShadow.keys()])].map(
    (name): Row => ({
      name,
      live: ofLive.get(name),
      shadow: ofShadow.get(name),
    }),
  );
  const title = `Score of ${tip}, entry by entry`;
  return (
    <Card title={title}>
      <DataTable
        label={title}
        columns={shadow === null ? COLUMNS.slice(0, LIVE_COLUMNS) : COLUMNS}
        rows={rows}
        keyOf={({ name }) => name}
        empty="The policy has no vector: it chooses without a score."
      />
      <Sum name="Live" candidate={candidateOf(live, tip)} />
      {shadow === null ? null : <Sum name="Shadow" candidate={candidateOf(shadow, tip)} />}
      <p class="hint">Entries of vectors are multiples of 1/4096. The products are doubles, added up from the first to the last.</p>
    </Card>
  );
}

function Sum({ name, candidate }: { readonly name: string; readonly candidate: ScoredCandidate | undefined }) {
  if (candidate === undefined) return <p>{name}: it was not scored.</p>;
  const { sum, bonus, score, adds_up: addsUp } = candidate;
  return (
    <p>
      {name}: sum {sum}
      {bonus === 0 ? '' : `, and ${bonus} for what is not known yet`}; recorded score {score}{' '}
      {addsUp ? <Pill tone="good">equal to the bit</Pill> : <Pill tone="bad">differs</Pill>}
    </p>
  );
}

const candidateOf = (choice: Choice, tip: string): ScoredCandidate | undefined => choice.candidates.find(({ tip_id: id }) => id === tip);

/** By the names of the entries, in their order. */
function termsOf(choice: Choice | null, tip: string): Map<string, Term> {
  const candidate = choice === null ? undefined : candidateOf(choice, tip);
  return new Map(
    candidate?.vector.map((entry, at) => [
      choice!.names[at] ?? `entry ${at}`,
      { entry, theta: choice!.theta[at] ?? 0, product: candidate.terms[at]! },
    ]),
  );
}

const term = (of: 'live' | 'shadow', part: keyof Term, title: string): Column<Row> => ({
  name: `${of}_${part}`,
  title,
  kind: 'number',
  cell: ({ [of]: one }) => (one === undefined ? <span class="muted">none</span> : String(one[part])),
});

const COLUMNS: readonly Column<Row>[] = [
  { name: 'name', title: 'Entry', isHeader: true, cell: ({ name }) => name },
  term('live', 'entry', 'Live vector'),
  term('live', 'theta', 'times theta'),
  term('live', 'product', 'is'),
  term('shadow', 'entry', 'Shadow vector'),
  term('shadow', 'theta', 'times theta'),
  term('shadow', 'product', 'is'),
];
const LIVE_COLUMNS = 4;
