/** Whether the inputs are what the features were made for. So far it shows what the service counts already. */
import type { StatusDocument } from '../../service/application.js';
import { count, percent } from '../format/numbers.js';
import { useService } from '../state/use-service.js';
import { Link } from '../view/link.js';
import { Answer, Card } from '../view/small.js';

export default function DataQuality() {
  const { status } = useService();
  return (
    <div class="stack">
      <Card title="Refused records and retention">
        <Answer of={status}>{(document) => <KnownToday status={document} />}</Answer>
      </Card>
      <Card title="Features and lateness">
        <p>There is nothing to show here yet: this service does not measure it.</p>
        <p class="hint">
          This is the place for the share of empty values of each feature, how its distribution has moved from a baseline, and how late and
          how out of order the events of each topic come. A number that is not here is not known, and not 0.
        </p>
      </Card>
    </div>
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
              {message} <span class="hint">{hint}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
