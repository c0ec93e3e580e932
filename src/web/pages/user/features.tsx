/** Every feature of a user: its value, its window, when it next changes and why, and how many events are behind it. */
import type { FeatureDocument } from '../../../projections/feature-document.js';
import type { FeatureProvenance, ProvenanceDocument } from '../../../service/application.js';
import { HAPPENINGS, reading, valueText } from '../../format/features.js';
import { count, counted } from '../../format/numbers.js';
import { rowText } from '../../format/rows.js';
import { durationText } from '../../format/times.js';
import { DataTable, type Column } from '../../view/data-table.js';
import { Pill, Time } from '../../view/small.js';

export interface FeaturesProps {
  readonly provenance: ProvenanceDocument;
  readonly definitions: readonly FeatureDocument[];
  /** The one whose events are shown; undefined: those of all are. */
  readonly chosen: string | undefined;
  readonly onChoose: (feature: string | undefined) => void;
}

interface Row extends FeatureProvenance {
  readonly definition: FeatureDocument | undefined;
}

export function Features({ provenance, definitions, chosen, onChoose }: FeaturesProps) {
  const byName = new Map(definitions.map((feature) => [feature.name, feature]));
  const rows = provenance.features.map((feature) => ({ ...feature, definition: byName.get(feature.name) }));
  return (
    <DataTable
      label="Features"
      columns={columns(chosen, onChoose)}
      rows={rows}
      keyOf={({ name }) => name}
      empty="The registry holds no feature."
    />
  );
}

const columns = (chosen: string | undefined, choose: FeaturesProps['onChoose']): readonly Column<Row>[] => [
  {
    name: 'name',
    title: 'Feature',
    isHeader: true,
    cell: ({ name, definition }) => (
      <button
        type="button"
        class="link"
        title={definition?.description}
        aria-pressed={name === chosen}
        onClick={() => choose(name === chosen ? undefined : name)}
      >
        {name}
      </button>
    ),
  },
  {
    name: 'value',
    title: 'Value',
    kind: 'number',
    cell: ({ value, adds_up: addsUp }) => (
      <>
        {addsUp ? null : <Pill tone="bad">does not add up</Pill>} {value === null ? <span class="muted">null</span> : valueText(value)}
      </>
    ),
  },
  {
    name: 'reading',
    title: 'Reads as',
    kind: 'nowrap',
    cell: ({ value, definition }) => <span class="muted">{reading(value, definition)}</span>,
  },
  {
    name: 'window',
    title: 'Counts events from, and before',
    cell: ({ window: { from_ms: fromMs, to_ms: toMs } }) => (
      <span class="muted">
        <Time ms={Math.max(0, fromMs)} /> to <Time ms={toMs} /> ({durationText(toMs - fromMs)})
      </span>
    ),
  },
  {
    name: 'events',
    title: 'Events',
    kind: 'number',
    cell: ({ events }) => count(events),
  },
  { name: 'change', title: 'Next change, while no event comes', kind: 'why', cell: (row) => <NextChange row={row} /> },
];

function NextChange({ row: { next_change: change, window } }: { readonly row: Row }) {
  if (change === null) return <>never by time alone</>;
  const { at_ms: atMs, value, events, rows, events_omitted: omitted } = change;
  const [tip, row] = [events[0], rows[0]];
  const first = tip ?? row;
  const others = events.length + rows.length - 1 + omitted;
  return (
    <>
      <Time ms={atMs} />, in {durationText(atMs - window.to_ms)}: {valueText(value)}
      {first === undefined ? (
        '. It changes with time itself.'
      ) : (
        <>
          . The {tip === undefined ? rowText(row!) : `${HAPPENINGS[tip.happening]} of ${tip.tip_id}`}
          {others === 0 ? '' : ` and ${counted(others, 'other')}`} {first.way === 'leaves' ? 'leaves' : 'enters'} the window.
        </>
      )}
    </>
  );
}
