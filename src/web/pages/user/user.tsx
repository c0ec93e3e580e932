/** A user: every feature as of a time with what is behind it, the decisions, and the rebuild of the profile from the log. */
import type { FeaturesDocument } from '../../../projections/feature-document.js';
import type { ProvenanceDocument } from '../../../service/application.js';
import { count } from '../../format/numbers.js';
import type { PageProps } from '../../page.js';
import type { ApiError } from '../../state/api-error.js';
import { useFilter } from '../../state/use-filter.js';
import { useNavigation } from '../../state/location.js';
import { usePolled } from '../../state/use-polled.js';
import { Answer, Card, Problem, Time } from '../../view/small.js';
import { AsOf } from './as-of.js';
import { Decisions } from './decisions.js';
import { EventsBehind } from './events-behind.js';
import { Features } from './features.js';
import { KnownAt } from './known-at.js';
import { Rebuild } from './rebuild.js';

export default function User({ parameters }: PageProps) {
  const userId = parameters['user_id']!;
  const { address } = useNavigation();
  const { values, set } = useFilter(['feature']);
  const asOf = address.query['as_of'];
  const knownAt = address.query['known_at'];
  const question = new URLSearchParams({
    ...(asOf === undefined ? {} : { as_of_ms: asOf }),
    ...(knownAt === undefined ? {} : { known_at: knownAt }),
  });
  const provenance = usePolled<ProvenanceDocument>(`/v1/users/${encodeURIComponent(userId)}/provenance?${question}`);
  const features = usePolled<FeaturesDocument>('/v1/features', { atLeastSeconds: 60 });
  const { document } = provenance;
  return (
    <div class="stack">
      <Card title="Profile">
        <AsOf asOf={asOf} asOfMs={document?.as_of_ms} />
        <Answer of={provenance} instead={(error) => <NoProfile error={error} />}>
          {(known) => (
            <>
              <p class="as-of">
                <b>{userId}</b> as of <Time ms={known.as_of_ms} />
              </p>
              {known.known_at?.is_read === false ? null : (
                <Features
                  provenance={known}
                  definitions={features.document?.features ?? []}
                  chosen={values.feature}
                  onChoose={(feature) => set({ feature })}
                />
              )}
              <KnownAt key={knownAt} provenance={known} />
              {known.features.every(({ adds_up: addsUp }) => addsUp) ? null : (
                <p class="notice">
                  The events do not give these values: the state of this user is damaged. Check it against the log below.
                </p>
              )}
              <p class="facts">
                Feature set {known.feature_set}
                {positionsText(known.positions)}
              </p>
            </>
          )}
        </Answer>
      </Card>
      {document === undefined || document.known_at?.is_read === false ? null : (
        <EventsBehind provenance={document} feature={values.feature} />
      )}
      <Decisions userId={userId} asOf={asOf} />
      <Rebuild key={userId} userId={userId} />
    </div>
  );
}

function positionsText(positions: ProvenanceDocument['positions']): string {
  const applied = Object.entries(positions).map(
    ([topic, partitions]) =>
      `${topic} ${Object.entries(partitions)
        .map(([partition, offset]) => `[${partition}] ${count(offset)}`)
        .join(', ')}`,
  );
  return applied.length === 0 ? '' : `. Next offsets: ${applied.join('; ')}`;
}

const WHEN_KNOWN = 'A user is known while one of their events lies in the 30 days before the time asked for.';

function NoProfile({ error }: { readonly error: ApiError }) {
  const { code, message } = error;
  if (code === 'user_not_found') return <Problem error={{ code, message, hint: error.hint ?? WHEN_KNOWN }} />;
  if (code === 'not_owner' && error.owner !== undefined)
    return <Problem error={{ code, message, hint: `Ask the process at ${error.owner}.` }} />;
  return <Problem error={error} />;
}
