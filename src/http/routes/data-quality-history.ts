/** GET /v1/data-quality/history: how features were distributed at the end of each day, week or month. */
import { z } from 'zod';
import type { FeatureHistory } from '../../monitoring/history.js';
import { PERIODS } from '../../monitoring/periods.js';
import type { QualityHistoryDocument } from '../../service/application.js';
import { MOST_PERIODS } from '../../service/quality/quality-history.js';
import { everything } from '../entity-tag.js';
import { baselineFacts, bin, summary, untold } from '../quality-schemas.js';
import { defineRoute } from '../route.js';
import { count, howMany, time, timeMs } from '../schema-parts.js';

const [DEFAULT_PERIOD, DEFAULT_LAST] = ['day', 7] as const;

const historyQuery = z.strictObject({
  by: z
    .enum(PERIODS, { error: `must be one of ${PERIODS.join(', ')}` })
    .optional()
    .meta({ description: `length of a period, in UTC; weeks begin on Mondays. Absent: ${DEFAULT_PERIOD}` }),
  last: howMany(MOST_PERIODS)
    .optional()
    .meta({ description: `how many whole periods, 1 to ${MOST_PERIODS}. Absent: ${DEFAULT_LAST}` }),
  as_of_ms: time.optional().meta({ description: 'periods that ended by then: Unix milliseconds or ISO 8601. Absent: now' }),
});

const features = z.array(
  z.object({
    name: z.string(),
    n: count,
    nulls: count,
    null_rate: z.number().nullable(),
    summary: summary.nullable().meta({ description: 'null: a category' }),
    distribution: z.array(bin),
    psi: z.number().nullable().meta({ description: 'against the baseline; null: there is none' }),
    threshold: z.number().nullable(),
  }) satisfies z.ZodType<FeatureHistory>,
);

export const qualityHistorySchema = z.object({
  by: z.enum(PERIODS),
  partitions: z.array(count).meta({ description: 'held here: nothing is said of others' }),
  partitions_missing: z.array(count),
  feature_set: z.string(),
  baseline: baselineFacts.nullable(),
  other_definitions: count.meta({ description: 'decisions made with other definitions: they are in none of the periods' }),
  periods: z
    .array(
      z.object({
        from_ms: timeMs,
        to_ms: timeMs.meta({ description: 'exclusive' }),
        users: count.nullable().meta({ description: 'known as of to_ms; null: tips that it needs have been pruned' }),
        features: features.meta({ description: 'of all known users, as of to_ms' }),
        decisions: count.meta({ description: 'requested in the period' }),
        served: features.meta({ description: 'of the profiles that these decisions were made with' }),
      }),
    )
    .meta({ description: 'the earliest first' }),
  could_not_tell: untold,
}) satisfies z.ZodType<QualityHistoryDocument>;

export const dataQualityHistoryRoute = defineRoute({
  method: 'GET',
  path: '/v1/data-quality/history',
  operationId: 'getDataQualityHistory',
  summary: 'How features were distributed at the end of each day, week or month, and as decisions were served',
  description:
    'The profiles of all users of the partitions held here, computed as of the end of each whole period, and beside them the profiles ' +
    'that decisions requested in it were made with. The same question gets the same answer for a minute. One answer is made at a time; ' +
    'where it takes longer than --log-timeout-ms, the answer is timeout: ask for fewer periods, or use `tipstream quality history`.',
  query: historyQuery,
  answers: { 200: { description: 'The periods.', schema: qualityHistorySchema } },
  says: everything,
  handle: ({ query: { by = DEFAULT_PERIOD, last = DEFAULT_LAST, as_of_ms: asOfMs } }, _reply, application) =>
    application.qualityHistory({ by, last, asOfMs }),
});
