/** What was found of each input, and the clocks of who writes them. */
import type { ProducerClock, TopicQuality } from '../../../service/application.js';
import { count } from '../../format/numbers.js';
import { durationText } from '../../format/times.js';
import { DataTable, type Column } from '../../view/data-table.js';
import { Pill, Time } from '../../view/small.js';
import { LOOKED_AT } from './looked-at.js';

export function Topics({ topics }: { readonly topics: readonly TopicQuality[] }) {
  const producers = topics.flatMap(({ topic, producers: of }) => of.map((one) => ({ topic, ...one })));
  return (
    <>
      <DataTable
        label="Faults by topic"
        columns={TOPICS}
        rows={topics}
        keyOf={({ topic }) => topic}
        empty="Nothing has been looked at yet."
      />
      <DataTable
        label="Clocks by producer"
        columns={PRODUCERS}
        rows={producers}
        keyOf={({ topic, producer }) => `${topic} ${producer}`}
        empty="No record says when it was written."
      />
      <p class="hint">
        A producer is the source of a record's CloudEvents envelope, else the event's source, else its policy. A delay below 0 is a clock
        that is ahead.
      </p>
    </>
  );
}

const found = (value: number | null) => (value !== null && value > 0 ? <Pill tone="wait">{count(value)}</Pill> : count(value));

const TOPICS: readonly Column<TopicQuality>[] = [
  ...LOOKED_AT,
  { name: 'ahead', title: 'A minute ahead', kind: 'number', cell: ({ far_ahead: ahead }) => found(ahead) },
  { name: 'repeated', title: 'Repeated', kind: 'number', cell: ({ duplicates }) => found(duplicates) },
  { name: 'dwell', title: 'Negative dwell', kind: 'number', cell: ({ negative_dwell: dwell }) => found(dwell) },
  { name: 'orphans', title: 'Orphans', kind: 'number', cell: ({ orphans }) => found(orphans) },
  {
    name: 'categories',
    title: 'New categories',
    kind: 'number',
    cell: ({ unknown_categories: unknown }) => found(unknown?.servings ?? null),
  },
  { name: 'hour', title: 'Last hour', kind: 'number', cell: ({ volume }) => count(volume?.events) },
  { name: 'week', title: 'A week before', kind: 'number', cell: ({ volume }) => count(volume?.last_week) },
  {
    name: 'last',
    title: 'Last event',
    kind: 'nowrap',
    cell: ({ silence: { last_event_ms: lastMs, silent } }) => (
      <>
        {silent === true ? <Pill tone="bad">silent</Pill> : null} {lastMs === null ? <span class="muted">none</span> : <Time ms={lastMs} />}
      </>
    ),
  },
];

const delay = (ms: number): string => (ms < 0 ? `-${durationText(-ms)}` : durationText(ms));

const PRODUCERS: readonly Column<ProducerClock & { readonly topic: string }>[] = [
  { name: 'producer', title: 'Producer', isHeader: true, cell: ({ producer }) => producer },
  { name: 'topic', title: 'Topic', cell: ({ topic }) => topic },
  { name: 'records', title: 'Records', kind: 'number', cell: ({ records }) => count(records) },
  { name: 'median', title: 'Median delay', kind: 'number', cell: ({ median_ms: ms }) => delay(ms) },
  { name: 'least', title: 'Least delay', kind: 'number', cell: ({ least_ms: ms }) => delay(ms) },
];
