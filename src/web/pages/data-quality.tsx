/** Whether the inputs are what the features were made for: what was refused, what is lost to retention, and how late events come. */
import type { DataQualityDocument, StatusDocument, TopicLateness } from '../../service/application.js';
import { count, percent } from '../format/numbers.js';
import { durationText } from '../format/times.js';
import { readText } from '../state/lateness.js';
import { useService } from '../state/use-service.js';
import { DataTable, type Column } from '../view/data-table.js';
import { Link } from '../view/link.js';
import { Prose } from '../view/prose.js';
import { RecordLink } from '../view/record-link.js';
import { Answer, Card, Pill, Time } from '../view/small.js';

export default function DataQuality() {
  const { status, quality } = useService();
  return (
    <div class="stack">
      <Card title="Refused records and retention">
        <Answer of={status}>{(document) => <KnownToday status={document} />}</Answer>
      </Card>
      <Card title="Lateness">
        <Answer of={quality}>{(document) => <Lateness quality={document} />}</Answer>
      </Card>
      <Card title="Values of features">
        <p>There is nothing to show here yet: this service does not measure them.</p>
        <p class="hint">
          This is the place for the share of empty values of each feature, and how its distribution has moved from a baseline. A number that
          is not here is not known, and not 0.
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

function Lateness({ quality }: { readonly quality: DataQualityDocument }) {
  const { lateness, late_after_ms: lateAfterMs } = quality;
  return (
    <>
      <p>{readText(quality)}</p>
      <DataTable
        label="Lateness by topic"
        columns={columns(durationText(lateAfterMs))}
        rows={lateness}
        keyOf={({ topic }) => topic}
        empty="No input says when its events happened."
      />
      <p class="hint">
        An event is as late as the timestamp of its record is younger than the time that the event states. Late events count in every
        profile whose window holds that time.
      </p>
    </>
  );
}

const columns = (limit: string): readonly Column<TopicLateness>[] => [
  { name: 'topic', title: 'Topic', isHeader: true, cell: ({ topic }) => topic },
  {
    name: 'records',
    title: 'Looked at',
    kind: 'number',
    cell: ({ records, read }) => (
      <>
        {read.is_whole ? null : <Pill tone="wait">in part</Pill>} {count(records)}
      </>
    ),
  },
  {
    name: 'late',
    title: `Over ${limit} late`,
    kind: 'number',
    cell: ({ late, records }) => (late > 0 ? <Pill tone="wait">{count(late)}</Pill> : records === 0 ? count(null) : count(late)),
  },
  { name: 'median', title: 'Median', kind: 'number', cell: ({ median_ms: ms }) => <Duration ms={ms} /> },
  { name: 'p95', title: 'p95', kind: 'number', cell: ({ p95_ms: ms }) => <Duration ms={ms} /> },
  { name: 'max', title: 'Largest', kind: 'number', cell: ({ max_ms: ms }) => <Duration ms={ms} /> },
  { name: 'latest', title: 'Came latest', kind: 'nowrap', cell: ({ latest }) => <RecordLink record={latest} instead="none" /> },
  { name: 'future', title: 'Dated ahead', kind: 'number', cell: ({ future_dated: ahead }) => count(ahead) },
  {
    name: 'other',
    title: 'Cannot tell',
    kind: 'number',
    cell: ({ not_events: notEvents, no_timestamp: noTimestamp }) => (
      <span title={`${count(notEvents)} are no event, ${count(noTimestamp)} have no timestamp`}>{count(notEvents + noTimestamp)}</span>
    ),
  },
  {
    name: 'newest',
    title: 'Newest record',
    kind: 'nowrap',
    cell: ({ newest_timestamp_ms: ms }) => (ms === null ? <span class="muted">none</span> : <Time ms={ms} />),
  },
];

function Duration({ ms }: { readonly ms: number | null }) {
  return <>{ms === null ? count(null) : durationText(ms)}</>;
}
