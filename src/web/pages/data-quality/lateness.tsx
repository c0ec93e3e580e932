/** How late events of each input come. */
import type { DataQualityDocument, TopicLateness } from '../../../service/application.js';
import { count } from '../../format/numbers.js';
import { durationText } from '../../format/times.js';
import { readText } from '../../state/lateness.js';
import { DataTable, type Column } from '../../view/data-table.js';
import { RecordLink } from '../../view/record-link.js';
import { Pill, Time } from '../../view/small.js';
import { LOOKED_AT } from './looked-at.js';

export function Lateness({ quality }: { readonly quality: DataQualityDocument }) {
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
  ...LOOKED_AT,
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
