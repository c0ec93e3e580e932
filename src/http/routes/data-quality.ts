/** GET /v1/data-quality: how late events come, and what the last look at features and inputs found. */
import { z } from 'zod';
import type { DataQualityDocument, LatestEvent } from '../../service/application.js';
import { everything } from '../entity-tag.js';
import { defineRoute } from '../route.js';
import { count, timeMs } from '../schema-parts.js';
import { foundQuality } from '../quality-schemas.js';
import { noQuery } from '../schemas.js';

/** A record's timestamp is whatever its producer set. */
const timestampMs = count.meta({ description: 'Unix milliseconds: when the record was appended, or what its producer set' });

const latest = z.object({
  topic: z.string(),
  partition: count,
  offset: count,
  event_at_ms: timeMs.meta({ description: 'when the event says it happened, Unix milliseconds' }),
  timestamp_ms: timestampMs,
  late_by_ms: count.meta({ description: 'timestamp_ms - event_at_ms' }),
}) satisfies z.ZodType<LatestEvent>;

const statistic = (what: string) =>
  count.nullable().meta({ description: `milliseconds from event to record: ${what}, of events on time or late; null: there was none` });

export const dataQualitySchema = z.object({
  partitions: z.array(count).meta({ description: 'held here: nothing is said of others' }),
  late_after_ms: count.meta({ description: 'an event whose record is this much younger is not late yet' }),
  lateness: z
    .array(
      z.object({
        topic: z.string(),
        records: count.meta({ description: 'records that were looked at; each is in one of the next five counts' }),
        on_time: count,
        late: count.meta({ description: 'events more than late_after_ms late' }),
        future_dated: count.meta({ description: 'events that say they happened after the timestamp of their record' }),
        not_events: count.meta({ description: 'records that are no event of the topic' }),
        no_timestamp: count.meta({ description: 'events whose record has no timestamp' }),
        median_ms: statistic('the median'),
        p95_ms: statistic('the 95th percentile'),
        max_ms: statistic('the largest'),
        latest: latest.nullable().meta({ description: 'the event that came latest' }),
        newest_timestamp_ms: timestampMs.nullable(),
        read: z.object({
          is_whole: z.boolean().meta({ description: 'false: not all that was meant to be looked at could be read in time' }),
          partitions: z
            .array(z.object({ partition: count, low: count, from: count, to: count, end: count }))
            .meta({ description: 'offsets that were looked at: `from` to before `to`, of `low` to before `end`' }),
        }),
      }),
    )
    .meta({ description: 'for each input of events that say when they happened' }),
  ...foundQuality,
}) satisfies z.ZodType<DataQualityDocument>;

export const dataQualityRoute = defineRoute({
  method: 'GET',
  path: '/v1/data-quality',
  operationId: 'getDataQuality',
  summary: 'How late events came, and how features and inputs are, against a baseline',
  description:
    'Looks at the newest 500 records of each input, shared equally among the partitions held here, for half of --log-timeout-ms at most. ' +
    'An event is as late as the timestamp of its record is younger than the time that the event states. Features and topics are as of ' +
    'as_of_ms, of the partitions held here: looked at every few minutes, and anew when that was more than a minute ago, unless it takes ' +
    'too long. docs/quality.md has the formulas.',
  query: noQuery,
  answers: { 200: { description: 'The inputs, with what was read of each.', schema: dataQualitySchema } },
  says: everything,
  handle: (_input, _reply, application) => application.dataQuality(),
});
