/** A user: every feature as of a time, with the window behind it, and the rebuild of the profile from the log. */
import type { ProfileDocument } from '../../../service/application.js';
import type { FeatureDocument, FeaturesDocument } from '../../../projections/feature-document.js';
import { reading, valueText } from '../../format/features.js';
import { count } from '../../format/numbers.js';
import { durationText } from '../../format/times.js';
import type { PageProps } from '../../page.js';
import type { ApiError } from '../../state/api-error.js';
import { useNavigation } from '../../state/location.js';
import { usePolled } from '../../state/use-polled.js';
import { DataTable, type Column } from '../../view/data-table.js';
import { Answer, Card, Problem, Time } from '../../view/small.js';
import { AsOf } from './as-of.js';
import { Rebuild } from './rebuild.js';

export default function User({ parameters }: PageProps) {
  const userId = parameters['user_id']!;
  const { address } = useNavigation();
  const asOf = address.query['as_of'];
  const question = asOf === undefined ? '' : `?as_of_ms=${encodeURIComponent(asOf)}`;
  const profile = usePolled<ProfileDocument>(`/v1/profiles/${encodeURIComponent(userId)}${question}`);
  const features = usePolled<FeaturesDocument>('/v1/features', { atLeastSeconds: 60 });
  return (
    <div class="stack">
      <Card title="Profile">
        <AsOf asOf={asOf} />
        <Answer of={profile} instead={(error) => <NoProfile error={error} />}>
          {(document) => <Profile profile={document} features={features.document?.features ?? []} />}
        </Answer>
      </Card>
      <Rebuild key={userId} userId={userId} />
    </div>
  );
}

const WHEN_KNOWN = 'A user is known while one of their events lies in the 30 days before the time asked for.';

function NoProfile({ error }: { readonly error: ApiError }) {
  const { code, message } = error;
  if (code === 'user_not_found') return <Problem error={{ code, message, hint: error.hint ?? WHEN_KNOWN }} />;
  if (code === 'not_owner' && error.owner !== undefined)
    return <Problem error={{ code, message, hint: `Ask the process at ${error.owner}.` }} />;
  return <Problem error={error} />;
}

interface FeatureRow {
  readonly name: string;
  readonly value: number | string | null;
  readonly feature: FeatureDocument | undefined;
  readonly asOfMs: number;
}

function Profile({ profile, features }: { readonly profile: ProfileDocument; readonly features: readonly FeatureDocument[] }) {
  const { user_id: userId, as_of_ms: asOfMs, features: values, feature_set: featureSet, positions } = profile;
  const byName = new Map(features.map((feature) => [feature.name, feature]));
  const rows = Object.entries(values).map(([name, value]) => ({ name, value, feature: byName.get(name), asOfMs }));
  const applied = Object.entries(positions).map(
    ([topic, partitions]) =>
      `${topic} ${Object.entries(partitions)
        .map(([partition, offset]) => `[${partition}] ${count(offset)}`)
        .join(', ')}`,
  );
  return (
    <>
      <p class="as-of">
        <b>{userId}</b> as of <Time ms={asOfMs} />
      </p>
      <DataTable label="Features" columns={COLUMNS} rows={rows} keyOf={({ name }) => name} empty="The registry holds no feature." />
      <p class="facts">
        Feature set {featureSet}
        {applied.length === 0 ? '' : `. Next offsets: ${applied.join('; ')}`}
      </p>
    </>
  );
}

const COLUMNS: readonly Column<FeatureRow>[] = [
  { name: 'name', title: 'Feature', isHeader: true, cell: ({ name }) => name },
  {
    name: 'value',
    title: 'Value',
    kind: 'number',
    cell: ({ value }) => (value === null ? <span class="muted">null</span> : valueText(value)),
  },
  { name: 'reading', title: 'Reads as', cell: ({ value, feature }) => <span class="muted">{reading(value, feature)}</span> },
  {
    name: 'window',
    title: 'Counts events from',
    kind: 'nowrap',
    cell: ({ feature, asOfMs }) =>
      feature === undefined ? (
        ''
      ) : (
        <span class="muted">
          <Time ms={Math.max(0, asOfMs - feature.window_ms)} /> ({durationText(feature.window_ms)})
        </span>
      ),
  },
  { name: 'says', title: 'What it says', kind: 'why', cell: ({ feature }) => feature?.description ?? '' },
];
