/** Whether features and inputs are what they were: alerts, distributions beside the baseline, faults of topics, lateness, refusals. */
import type { DataQualityDocument, StatusDocument } from '../../../service/application.js';
import { count, counted, percent } from '../../format/numbers.js';
import { useService } from '../../state/use-service.js';
import { Link } from '../../view/link.js';
import { Prose } from '../../view/prose.js';
import { Answer, Card, Time } from '../../view/small.js';
import { Distributions } from './distributions.js';
import { History } from './history.js';
import { Lateness } from './lateness.js';
import { Topics } from './topics.js';

export default function DataQuality() {
  const { status, quality } = useService();
  return (
    <div class="stack">
      <Card title="Alerts">
        <Answer of={quality}>{(document) => <Alerts quality={document} />}</Answer>
      </Card>
      <Card title="Features">
        <Answer of={quality}>{(document) => <Features quality={document} />}</Answer>
      </Card>
      <History />
      <Card title="Inputs">
        <Answer of={quality}>{({ topics }) => <Topics topics={topics} />}</Answer>
      </Card>
      <Card title="Lateness">
        <Answer of={quality}>{(document) => <Lateness quality={document} />}</Answer>
      </Card>
      <Card title="Skew">
        <Answer of={quality}>{(document) => <Skew quality={document} />}</Answer>
      </Card>
      <Card title="Refused records and retention">
        <Answer of={status}>{(document) => <KnownToday status={document} />}</Answer>
      </Card>
    </div>
  );
}

function Alerts({ quality: { as_of_ms: asOfMs, alerts, could_not_tell: untold, partitions } }: { readonly quality: DataQualityDocument }) {
  return (
    <>
      <p>
        {alerts.length === 0 ? 'No alert stands' : counted(alerts.length, 'alert')}
        {asOfMs === null ? (
          '. Nothing has been looked at yet.'
        ) : (
          <>
            , of the {counted(partitions.length, 'partition')} held here, as of <Time ms={asOfMs} />.
          </>
        )}
      </p>
      {alerts.length === 0 ? null : (
        <ul class="troubles">
          {alerts.map(({ kind, about, message, hint }) => (
            <li key={`${kind} ${about ?? ''} ${message}`} class="bad">
              {message}.{' '}
              <span class="hint">
                <Prose text={hint} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {untold.length === 0 ? null : (
        <>
          <p>Could not be told:</p>
          <ul>
            {untold.map(({ about, reason }) => (
              <li key={`${about} ${reason}`}>
                <Prose text={`${about}: ${reason}.`} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Features({ quality: { features, users, baseline } }: { readonly quality: DataQualityDocument }) {
  if (features.length === 0) return <p>Nothing has been looked at yet.</p>;
  return (
    <>
      <p>
        {counted(users, 'known user')}.{' '}
        {baseline === null ? (
          <Prose text="There is no baseline: `npx tipstream quality baseline` stores one." />
        ) : (
          <>
            The baseline is as of <Time ms={baseline.as_of_ms} />, of {counted(baseline.users, 'user')}.
          </>
        )}
      </p>
      <Distributions features={features} />
    </>
  );
}

function Skew({ quality: { skew } }: { readonly quality: DataQualityDocument }) {
  if (skew === null)
    return (
      <p>
        <Prose text="Nothing is known: `npx tipstream quality skew` compares the profiles of decisions with a replay of the log." />
      </p>
    );
  const left = skew.not_compared.reduce((sum, { decisions }) => sum + decisions, 0);
  const differing = `${count(skew.differing)} of ${counted(skew.compared, 'decision')}`;
  return (
    <p>
      {differing} were made with another profile than the log gives at their positions; {count(left)} could not be compared. Looked at{' '}
      <Time ms={skew.proven_at_ms} />.
    </p>
  );
}

function KnownToday({ status: { counts, warnings } }: { readonly status: StatusDocument }) {
  const { applied, rejected } = counts;
  const all = applied + rejected;
  return (
    <>
      <p>
        {count(rejected)} of {count(all)} records of producers were refused ({percent(all === 0 ? null : rejected / all)}), on the
        partitions held here, since the state files were made. The <Link to="/admin/dead-letters">dead letters</Link> say which, and why.
      </p>
      {warnings.length === 0 ? (
        <p>Every input keeps its events for as long as a rebuild needs them.</p>
      ) : (
        <ul class="troubles">
          {warnings.map(({ topic, message, hint }) => (
            <li key={`${topic} ${message}`} class="wait">
              {message}{' '}
              <span class="hint">
                <Prose text={hint} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
