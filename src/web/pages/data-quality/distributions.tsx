/** Each feature's distribution beside the baseline: drawn, and as a table. */
import type { FeatureQuality } from '../../../service/application.js';
import { percent } from '../../format/numbers.js';
import { distributionText, drawnBins, endsOf, type DrawnBin } from '../../format/distribution.js';
import { DataTable, type Column } from '../../view/data-table.js';
import { Histogram } from '../../view/histogram.js';
import { Pill } from '../../view/small.js';

export function Distributions({ features }: { readonly features: readonly FeatureQuality[] }) {
  return (
    <>
      <p class="hint">
        Bars are the users of today, lines those of the baseline, each as a share of all. The grey bars at the right are users without a
        value and categories that are not named.
      </p>
      <div class="distributions">
        {features.map((feature) => (
          <Distribution key={feature.name} feature={feature} />
        ))}
      </div>
    </>
  );
}

function Distribution({ feature }: { readonly feature: FeatureQuality }) {
  const { name, drifted, stale, distribution, unit } = feature;
  const bins = drawnBins(distribution);
  const [least, most] = endsOf(distribution);
  const label = distributionText(feature);
  return (
    <figure class="distribution">
      <h3>
        {name} {drifted === true ? <Pill tone="bad">drifted</Pill> : null} {stale === true ? <Pill tone="wait">stale</Pill> : null}
      </h3>
      <Histogram bins={bins} label={label} />
      <div class="ends">
        <span>{least}</span>
        <span>{least === '' ? '' : unit}</span>
        <span>{most}</span>
      </div>
      <figcaption class="hint">{label}</figcaption>
      <details>
        <summary>The bins of {name}</summary>
        <DataTable label={`Bins of ${name}`} columns={BINS} rows={bins} keyOf={({ name: bin }) => bin} empty="No user is known." />
      </details>
    </figure>
  );
}

const BINS: readonly Column<DrawnBin>[] = [
  { name: 'bin', title: 'Value', isHeader: true, cell: ({ name }) => name },
  { name: 'share', title: 'Today', kind: 'number', cell: ({ share }) => percent(share) },
  { name: 'before', title: 'Baseline', kind: 'number', cell: ({ before }) => percent(before) },
];
