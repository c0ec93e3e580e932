/** /v1/dead-letters/redrive: refused records put back, as jobs. */
import { z } from 'zod';
import type { RedriveJob, RedriveRequest } from '../redrive/job.js';
import { inputTopic } from './dead-letters-schemas.js';
import { count, features, jobError, timeMs } from './schema-parts.js';

const MAX_TEXT = 4_096;
const MAX_RECORDS = 100_000;
const MAX_RATE = 1_000_000;

const fields = z.strictObject({
  topic: inputTopic.nullish().meta({ description: 'only of this input; absent or null: of all' }),
  code: z.string().max(MAX_TEXT).nullish().meta({ description: 'only those refused with this code, such as invalid_event' }),
  since_ms: timeMs.nullish().meta({ description: 'only those refused at this time or later, Unix milliseconds' }),
  dead_letter: z
    .string()
    .max(MAX_TEXT)
    .regex(/^[^/]+\/\d{1,9}\/\d{1,15}$/, { error: 'must be TOPIC/PARTITION/OFFSET' })
    .nullish()
    .meta({ description: 'this one alone, also if its record was redriven and refused again' }),
  value: z
    .string()
    .nullish()
    .meta({ description: 'of that one: another value, with its user_id as the key; refused as invalid_event where it would fail again' }),
  max: z.int().min(1).max(MAX_RECORDS).nullish().meta({ description: 'at most so many; 10000 unless given; the next job goes on' }),
  rate: z.int().min(1).max(MAX_RATE).nullish().meta({ description: 'records a second; absent or null: as fast as the log takes them' }),
  again: z.boolean().nullish().meta({ description: 'true: also records that were redriven and refused again' }),
  dry_run: z.boolean().meta({ description: 'true: send nothing; the result says what would be sent and how profiles would change' }),
});

export const redriveRequestSchema = fields
  .refine(({ dead_letter: one, topic, code, since_ms: since }) => one == null || [topic, code, since].every((filter) => filter == null), {
    error: 'dead_letter is one already: leave topic, code and since_ms out',
  })
  .refine(({ dead_letter: one, value }) => one != null || value == null, { error: 'value is of one dead letter: give dead_letter' });

export const redriveParameter = z.object({ job_id: z.uuid({ error: 'must be the job_id of a redrive' }) });

const asked = z.object({
  topic: inputTopic.optional(),
  code: z.string().optional(),
  since_ms: timeMs.optional(),
  dead_letter: z.string().optional(),
  value: z.string().optional(),
  max: count.optional(),
  rate: count.optional(),
  again: z.boolean().optional(),
  dry_run: z.boolean(),
}) satisfies z.ZodType<RedriveRequest>;

const row = z.object({
  dead_letter: z.string().meta({ description: 'TOPIC/PARTITION/OFFSET' }),
  source: z.string().meta({ description: 'where its record was refused' }),
  code: z.string().nullable(),
  redrive_count: count.meta({ description: 'this time included' }),
  to: z.object({ topic: z.string(), partition: count, offset: count.optional() }).meta({ description: 'with an offset once it is sent' }),
  refused: z
    .object({ code: z.string(), message: z.string() })
    .nullable()
    .optional()
    .meta({ description: 'of a dry run: why it would be refused again; null: it would be accepted' }),
});

const result = z.object({
  dry_run: z.boolean(),
  matching: count.meta({ description: 'refused records that were chosen' }),
  redriven: count.meta({ description: 'sent, or in a dry run to be sent' }),
  skipped: z
    .object({ redriven: count, failed_again: count, unknown_source: count, bytes_missing: count, too_large: count })
    .meta({ description: 'those that were left out, and why' }),
  left: count.meta({ description: 'beyond max: the next job takes them' }),
  stopped: z.boolean(),
  records: z.array(row).meta({ description: 'the first 1000' }),
  records_omitted: count,
  would_be_refused: count.optional().meta({ description: 'of a dry run' }),
  profiles: z
    .object({
      as_of_ms: timeMs,
      users: z.array(
        z.object({ user_id: z.string(), before: features.nullable(), after: features.nullable(), changed: z.array(z.string()) }),
      ),
      users_omitted: count,
      users_elsewhere: count.meta({ description: 'users whose state this member does not have' }),
    })
    .optional()
    .meta({ description: 'of a dry run: how profiles would change as of now; absent where there is no state to compare with' }),
  notes: z.array(z.string()),
});

export const redriveJobSchema = z.object({
  job_id: z.string(),
  state: z.enum(['running', 'stopping', 'done', 'failed', 'stopped']),
  dry_run: z.boolean(),
  request: asked,
  progress: z
    .object({ step: z.enum(['looking', 'sending']), done: count, total: count.nullable() })
    .meta({ description: 'looking: offsets of the source topics; sending: records' }),
  redriven: count.meta({ description: 'records sent, whatever came of the rest' }),
  started_at_ms: timeMs,
  result: result.optional().meta({ description: 'when it is done, or was stopped while it sent' }),
  error: jobError,
}) satisfies z.ZodType<RedriveJob>;
