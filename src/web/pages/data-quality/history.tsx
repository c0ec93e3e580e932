/** Each feature's distribution at the end of some periods, and as decisions in them were served. It is asked for when somebody chooses. */
import type { FeatureHistory, Period, QualityHistoryDocument } from '../../../service/application.js';
import { drawnBins } from '../../format/distribution.js';
import { count, counted, percent, short } from '../../format/numbers.js';
import { iso } from '../../format/times.js';
import { useFilter } from '../../state/use-filter.js';
import { usePolled } from '../../state/use-polled.js';
import { DataTable, type Column } from '../../view/data-table.js';
import { Histogram } from '../../view/histogram.js';
import { Prose } from '../../view/prose.js';
import { Answer, Card, Pill } from '../../view/small.js';

/** A period that is over changes by late events alone. */
const RARELY_SECONDS = 300;
const CHOICES: readonly Period[] = ['day', 'week', 'month'];

export function History() {
  const { values, set } = useFilter(['history']);
  const chosen = CHOICES.find((one) => one === values.history);
  const history = usePolled<QualityHistoryDocument>(chosen === undefined ? null : `/v1/data-quality/history?by=${chosen}`, {
    atLeastSeconds: RARELY_SECONDS,
  });
  const choices = (
    <p class="actions">
      {CHOICES.map((one) => (
        <button key={one} type="button" aria-pressed={one === chosen} onClick={() => set({ history: one === chosen ? undefined : one })}>
          By {one}
        </button>
      ))}
    </p>
  );
  return (
    <Card title="History" aside={choices}>
      {chosen === undefined ? (
        <p>Choose a period: all profiles are computed as of the end of each of the last seven.</p>
      ) : (
        <Answer of={history}>{(document) => <Periods history={document} />}</Answer>
      )}
    </Card>
  );
}

interface Row {
  readonly period: QualityHistoryDocument['periods'][number];
  /** Of all users; undefined: pruned. */
  readonly all: FeatureHistory | undefined;
  readonly served: FeatureHistory | undefined;
}

function Periods({ history }: { readonly history: QualityHistoryDocument }) {
  const { periods, partitions, partitions_missing: missing, baseline, other_definitions: others, could_not_tell: untold } = history;
  const named = (of: readonly FeatureHistory[], name: string) => of.find((one) => one.name === name);
  const names = periods.at(-1)?.served.map(({ name }) => name) ?? [];
  return (
    <>
      <p>
        Of {missing.length === 0 ? 'all' : 'the'} {counted(partitions.length, 'partition')}
        {missing.length === 0 ? '' : ` held here (other members have ${count(missing.length)})`}, in UTC, the earliest on the left.{' '}
        {baseline === null ? 'There is no baseline to compare with.' : 'Lines are the baseline.'}
        {others === 0 ? '' : ` ${counted(others, 'decision')} made with other definitions are in none of them.`}
      </p>
      {untold.map(({ about, reason }) => (
        <p key={about} class="hint">
          <Prose text={`Could not be told: ${about}: ${reason}.`} />
        </p>
      ))}
      <div class="distributions">
        {names.map((name) => (
          <Past
            key={name}
            name={name}
            rows={periods.map((period) => ({ period, all: named(period.features, name), served: named(period.served, name) }))}
          />
        ))}
      </div>
    </>
  );
}

function Past({ name, rows }: { readonly name: string; readonly rows: readonly Row[] }) {
  return (
    <figure class="distribution">
      <h3>{name}</h3>
      <div class="past">
        {rows.map(({ period, all }) =>
          all === undefined ? (
            <span key={period.to_ms} class="muted" title={`${before(period)}: tips that it needs have been pruned`}>
              pruned
            </span>
          ) : (
            <Histogram key={period.to_ms} bins={drawnBins(all.distribution)} label={labelOf(name, period, all)} />
          ),
        )}
      </div>
      <details>
        <summary>The numbers of {name}</summary>
        <DataTable
          label={`History of ${name}`}
          columns={COLUMNS}
          rows={rows}
          keyOf={({ period }) => String(period.to_ms)}
          empty="There is no period."
        />
      </details>
    </figure>
  );
}

const before = ({ to_ms: toMs }: Row['period']): string => `before ${iso(toMs).slice(0, 10)}`;

function labelOf(name: string, period: Row['period'], { n, null_rate: nullRate, psi }: FeatureHistory): string {
  const drift = psi === null ? '' : `, PSI ${short(psi)}`;
  return `${name} ${before(period)}, of ${counted(n, 'user')}: ${percent(nullRate)} without a value${drift}`;
}

const median = (of: FeatureHistory | undefined): string => short(of?.summary?.percentiles?.['p50']);
const psi = (of: FeatureHistory | undefined) =>
  of?.psi != null && of.threshold !== null && of.psi > of.threshold ? <Pill tone="wait">{short(of.psi)}</Pill> : short(of?.psi);

const COLUMNS: readonly Column<Row>[] = [
  { name: 'before', title: 'Before', isHeader: true, kind: 'nowrap', cell: ({ period }) => iso(period.to_ms).slice(0, 10) },
  { name: 'users', title: 'Users', kind: 'number', cell: ({ period: { users } }) => (users === null ? 'pruned' : count(users)) },
  { name: 'null', title: 'No value', kind: 'number', cell: ({ all }) => percent(all?.null_rate) },
  { name: 'median', title: 'Median', kind: 'number', cell: ({ all }) => median(all) },
  { name: 'psi', title: 'PSI', kind: 'number', cell: ({ all }) => psi(all) },
  { name: 'decisions', title: 'Decisions', kind: 'number', cell: ({ period: { decisions } }) => count(decisions) },
  { name: 'served-null', title: 'Served: no value', kind: 'number', cell: ({ served }) => percent(served?.null_rate) },
  { name: 'served-median', title: 'Served: median', kind: 'number', cell: ({ served }) => median(served) },
  { name: 'served-psi', title: 'Served: PSI', kind: 'number', cell: ({ served }) => psi(served) },
];
