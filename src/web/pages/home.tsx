/** Whether all is well and what is wrong first; rates and lag of the last hour; partitions and newest decisions. */
import type { NewestScore, PartitionStatus, StatusDocument } from '../../service/application.js';
import { count, percent } from '../format/numbers.js';
import { troublesOf, verdictOf, type Trouble } from '../state/troubles.js';
import { useService } from '../state/use-service.js';
import { DataTable, type Column } from '../view/data-table.js';
import { DecisionLink } from '../view/decision-link.js';
import { HourOfLag } from '../view/hour-of-lag.js';
import { Link, UserLink } from '../view/link.js';
import { Prose } from '../view/prose.js';
import { Answer, Card, Pill, Time, type Tone } from '../view/small.js';

export default function Home() {
  const { status, lag, quality, samples } = useService();
  return (
    <Answer of={status}>
      {(document) => (
        <div class="stack">
          <Verdict troubles={troublesOf(document, lag.document, quality.document)} status={document} />
          <Counters status={document} />
          <HourOfLag samples={samples} problem={lag.error} />
          <Card title="Partitions">
            <DataTable
              label="Partitions"
              columns={PARTITIONS}
              rows={document.partitions}
              keyOf={({ partition }) => String(partition)}
              empty="No partition is assigned to this process. Another member of the group may hold them all."
            />
          </Card>
          <Card title="Newest decisions">
            <DataTable
              label="Newest decisions"
              columns={DECISIONS}
              rows={document.newest_scores}
              keyOf={({ user_id: user, decision_id: decision }) => `${user} ${decision}`}
              empty="No decision yet. One is made for each event in tip.candidates, and for each POST /score."
              isTall
            />
          </Card>
        </div>
      )}
    </Answer>
  );
}

function Verdict({ troubles, status }: { readonly troubles: readonly Trouble[]; readonly status: StatusDocument }) {
  const { tone, text } = verdictOf(troubles);
  const { live_policy: live, shadow_policy: shadow, log, group } = status;
  return (
    <section class={`card verdict ${tone}`} aria-label="State">
      <p class="line">
        <strong>{text}</strong>
        <span class="about">
          {live}
          {shadow === null ? '' : `, shadow ${shadow}`} · {log === 'kafka' ? 'Kafka' : 'embedded log'} · group {group}
        </span>
      </p>
      {troubles.length === 0 ? null : (
        <ul class="troubles">
          {troubles.map(({ severity, text: what, hint, link }) => (
            <li key={what} class={severity}>
              {what}{' '}
              {hint === undefined ? null : (
                <span class="hint">
                  <Prose text={hint} />
                </span>
              )}{' '}
              {link === undefined ? null : (
                <Link to={link.to} {...(link.query === undefined ? {} : { query: link.query })}>
                  {link.text}
                </Link>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const WHAT_IS_APPLIED =
  'Valid events of producers (candidates, served, feedback) and controls, since the state files were made. ' +
  'Decisions that were read back are not counted.';

function Counters({ status: { counts, shadow_policy: shadow } }: { readonly status: StatusDocument }) {
  const { shadow_agreed: agreed, shadow_compared: compared } = counts;
  const of = compared > 0 ? `${count(agreed)} of ${count(compared)}` : shadow === null ? 'no shadow policy' : 'nothing compared yet';
  return (
    <section aria-label="Counters">
      <dl class="tiles">
        <div title={WHAT_IS_APPLIED}>
          <dt>Events applied</dt>
          <dd>{count(counts.applied)}</dd>
        </div>
        <div>
          <dt>Users</dt>
          <dd>{count(counts.users)}</dd>
        </div>
        <div title="Records that were refused, since the state files were made. The page of dead letters says why.">
          <dt>Rejected</dt>
          <dd>{counts.rejected === 0 ? count(0) : <Link to="/admin/dead-letters">{count(counts.rejected)}</Link>}</dd>
        </div>
        <div>
          <dt>Decisions</dt>
          <dd>{count(counts.decisions)}</dd>
        </div>
        <div>
          <dt>Shadow agreement</dt>
          <dd>{compared === 0 ? percent(null) : percent(agreed / compared)}</dd>
          <dd class="of">{of}</dd>
        </div>
      </dl>
    </section>
  );
}

const STATES: Readonly<Record<PartitionStatus['state'], Tone>> = { running: 'good', restoring: 'wait', stopped: 'bad' };

const PARTITIONS: readonly Column<PartitionStatus>[] = [
  {
    name: 'partition',
    title: '#',
    isHeader: true,
    cell: ({ partition }) => (
      <Link to="/admin/lag" query={{ partition: String(partition) }} title={`Lag of partition ${partition}`}>
        {partition}
      </Link>
    ),
  },
  { name: 'state', title: 'State', cell: ({ state }) => <Pill tone={STATES[state]}>{state}</Pill> },
  { name: 'lag', title: 'Lag', kind: 'number', cell: ({ lag_records: records }) => count(records) },
  {
    name: 'positions',
    title: 'Next offsets',
    cell: ({ positions, error }) => (
      <>
        {error === null ? null : (
          <div class="error">
            <p>
              <b>{error.code}</b>: {error.message}
            </p>
            {error.hint === undefined ? null : (
              <p>
                <Prose text={error.hint} />
              </p>
            )}
          </div>
        )}
        <Positions positions={positions} />
      </>
    ),
  },
];

function Positions({ positions }: Pick<PartitionStatus, 'positions'>) {
  const list = Object.entries(positions);
  if (list.length === 0) return <span class="muted">nothing applied yet</span>;
  return (
    <div class="offsets">
      {list.map(([topic, offset]) => (
        <span key={topic}>
          {topic} <b>{count(offset)}</b>
        </span>
      ))}
    </div>
  );
}

const DECISIONS: readonly Column<NewestScore>[] = [
  { name: 'scored', title: 'Scored', kind: 'nowrap', cell: ({ scored_at_ms: ms }) => <Time ms={ms} /> },
  { name: 'user', title: 'User', kind: 'id', cell: ({ user_id: user }) => <UserLink userId={user} /> },
  { name: 'policy', title: 'Policy', kind: 'nowrap', cell: ({ policy }) => policy },
  {
    name: 'chosen',
    title: 'Chosen tip',
    kind: 'id',
    cell: ({ chosen_tip_id: tip, user_id: user, decision_id: id }) => (
      <DecisionLink userId={user} decisionId={id}>
        {tip}
      </DecisionLink>
    ),
  },
  { name: 'shadow', title: "Shadow's choice", kind: 'id', cell: (score) => <Shadow {...score} /> },
  {
    name: 'kind',
    title: 'Kind',
    kind: 'nowrap',
    cell: ({ explored }) => (explored ? <Pill tone="wait">explored</Pill> : <span class="muted">best</span>),
  },
  { name: 'of', title: 'Of', kind: 'number', cell: ({ candidates }) => count(candidates) },
];

function Shadow({ shadow_tip_id: shadow, chosen_tip_id: chosen }: NewestScore) {
  if (shadow === null) return <span class="muted">none</span>;
  if (shadow === chosen) return <Pill tone="good">agrees</Pill>;
  return (
    <>
      <Pill tone="plain">differs</Pill> {shadow}
    </>
  );
}
