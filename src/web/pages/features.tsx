/** The features of the registry: what each one means, and its definition in SQL. */
import type { FeatureDocument, FeaturesDocument } from '../../projections/feature-document.js';
import { valueText } from '../format/features.js';
import { durationText } from '../format/times.js';
import { useFilter } from '../state/use-filter.js';
import { usePolled } from '../state/use-polled.js';
import { DataTable, type Column } from '../view/data-table.js';
import { Answer, Card } from '../view/small.js';

/** Definitions change with the program alone. */
const RARELY_SECONDS = 60;

export default function Features() {
  const features = usePolled<FeaturesDocument>('/v1/features', { atLeastSeconds: RARELY_SECONDS });
  const { values, set } = useFilter(['feature']);
  return (
    <Answer of={features}>
      {(document) => (
        <div class="stack">
          <Card title={`Feature set ${document.feature_set}`}>
            <DataTable
              label="Features"
              columns={columns((feature) => set({ feature: values.feature === feature ? undefined : feature }), values.feature)}
              rows={document.features}
              keyOf={({ name }) => name}
              empty="The registry holds no feature."
              sortParameter="sort"
            />
          </Card>
          {document.features
            .filter(({ name }) => name === values.feature)
            .map((feature) => (
              <Definition key={feature.name} feature={feature} />
            ))}
        </div>
      )}
    </Answer>
  );
}

const columns = (choose: (feature: string) => void, chosen: string | undefined): readonly Column<FeatureDocument>[] => [
  {
    name: 'name',
    title: 'Feature',
    isHeader: true,
    sortBy: ({ name }) => name,
    cell: ({ name }) => (
      <button type="button" class="link" aria-expanded={name === chosen} onClick={() => choose(name)}>
        {name}
      </button>
    ),
  },
  { name: 'dtype', title: 'Type', cell: ({ dtype }) => dtype, sortBy: ({ dtype }) => dtype },
  { name: 'unit', title: 'Unit', cell: ({ unit }) => unit, sortBy: ({ unit }) => unit },
  {
    name: 'window',
    title: 'Window',
    kind: 'number',
    cell: (one) => (one.window_ms === null ? 'none' : durationText(one.window_ms)),
    sortBy: (one) => one.window_ms,
  },
  { name: 'ttl', title: 'Keep for', kind: 'number', cell: (one) => durationText(one.ttl_ms), sortBy: (one) => one.ttl_ms },
  { name: 'sources', title: 'From', cell: ({ sources }) => sources.join(', ') },
  { name: 'empty', title: 'When empty', cell: (one) => valueText(one.when_empty) },
  { name: 'description', title: 'What it says', kind: 'why', cell: ({ description }) => description },
];

function Definition({ feature }: { readonly feature: FeatureDocument }) {
  return (
    <Card title={feature.name}>
      <p>{feature.description}</p>
      <p class="hint">A kept value is stale as soon as this changes: {feature.invalidated_by.join(', ')}.</p>
      <p class="hint">{readers(feature)}</p>
      <p class="hint">Carried by: {feature.used_by.outputs.join(', ')}.</p>
      <pre class="scroll" tabIndex={0} aria-label={`SQL of ${feature.name}`}>
        {feature.sql}
      </pre>
    </Card>
  );
}

function readers({ used_by: { policies } }: FeatureDocument): string {
  if (policies.length === 0) return 'No policy reads it.';
  return `Read by ${policies.map(({ policy, entries }) => `${policy} (${entries.join(', ')})`).join('; ')}.`;
}
