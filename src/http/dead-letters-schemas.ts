/** /v1/dead-letters: records that were refused. */
import { z } from 'zod';
import type { DeadLettersDocument, DeadLetterSummary } from '../service/application.js';
import { CONSUMED_TOPICS } from '../topics.js';
import { count, time, timeMs } from './schema-parts.js';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;
const DIGITS = /^\d{1,15}$/;
const MAX_TEXT = 4_096;

export const inputTopic = z.enum(CONSUMED_TOPICS).meta({ description: 'the input that refused the record, without the prefix' });
const number = (name: string) =>
  z
    .string()
    .regex(DIGITS, { error: `must be ${name}` })
    .transform(Number);

export const deadLettersQuery = z.strictObject({
  topic: inputTopic.optional(),
  code: z
    .string({ error: 'must be given once' })
    .max(MAX_TEXT)
    .optional()
    .meta({ description: 'why it was refused, such as invalid_event' }),
  since_ms: time.optional().meta({ description: 'refused then or later: Unix milliseconds or ISO 8601 (UTC unless it names a zone)' }),
  limit: number('a number of rows')
    .refine((rows) => rows >= 1 && rows <= MAX_LIMIT, { error: `must be 1 to ${MAX_LIMIT}` })
    .optional()
    .meta({ description: `rows, ${DEFAULT_LIMIT} unless given and ${MAX_LIMIT} at most` }),
  cursor: z.string({ error: 'must be given once' }).max(MAX_TEXT).optional().meta({ description: 'next_cursor of the answer before' }),
});

export const letterParameters = z.object({
  topic: z.string().max(MAX_TEXT).meta({ description: 'the topic of the dead letter, such as tip.served-dlt' }),
  partition: number('the number of a partition'),
  offset: number('an offset'),
});

export const rowsAsked = (limit: number | undefined): number => limit ?? DEFAULT_LIMIT;

/** Headers are anybody's: what they say need not be a time of ours. */
const failedAt = z.int().min(0);
const bytes = z.union([z.string(), z.object({ base64: z.string() })]).meta({ description: 'text where the bytes are UTF-8' });
const nullableText = z.string().nullable();
const summaryFields = {
  topic: z.string(),
  partition: count,
  offset: count.nullable().meta({ description: 'null: it is in a file only, because its topic did not take it' }),
  source_topic: nullableText.meta({ description: 'where the refused record lies; null where the letter does not say' }),
  source_partition: count.nullable(),
  source_offset: count.nullable(),
  stage: nullableText,
  code: nullableText,
  message: nullableText,
  failed_at_ms: failedAt.nullable().meta({ description: 'Unix milliseconds' }),
  redrive_count: count.nullable().meta({ description: 'how often its record had been redriven when it was refused' }),
  key: bytes.nullable(),
  kept: z
    .object({ bytes: count, sha256: z.string(), file: z.string().optional(), record: z.string().optional() })
    .optional()
    .meta({ description: 'of a letter that its topic did not take whole: its files in the folder dead-letters, and what its value was' }),
  repeated: count.optional().meta({ description: 'further letters of the same record: each owner of a partition may have sent one' }),
  truncated: z.record(z.string(), count).optional().meta({ description: 'field -> its whole length in bytes, where it was cut' }),
};
const summary = z.object(summaryFields) satisfies z.ZodType<DeadLetterSummary>;

export const deadLettersSchema = z.object({
  letters: z.array(summary).meta({ description: 'one for each refused record, newest first' }),
  next_cursor: nullableText.meta({ description: 'where the next ones begin; null: there are none' }),
  matching: count.meta({ description: 'refused records that the filters let through, on whatever page' }),
  since_ms: timeMs.nullable().meta({ description: 'as it was asked for; null: whenever they were refused' }),
  groups: z
    .array(
      z.object({
        topic: inputTopic,
        code: nullableText,
        records: count,
        oldest_failed_at_ms: failedAt,
        newest_failed_at_ms: failedAt,
      }),
    )
    .meta({ description: 'refused records since then by topic and code, whatever topic and code were asked for' }),
  running_redrive: nullableText.meta({ description: 'job_id of the redrive that runs in this service, a dry run too; null: none does' }),
  read: z
    .object({
      is_whole: z.boolean().meta({ description: 'false: the log has dead letters that are in no number of this answer' }),
      letters: count.meta({ description: 'letters that were read; several may be of one record' }),
      unread: z
        .array(z.object({ topic: z.string(), partition: count, low: count, from: count, to: count, end: count }))
        .meta({ description: 'partitions that were read in part: `from` to `to` of `low` to `end`' }),
      files_omitted: count.meta({ description: 'files of the folder dead-letters that were left out' }),
    })
    .meta({ description: 'what this answer is of' }),
}) satisfies z.ZodType<DeadLettersDocument>;

export const deadLetterSchema = z.object({
  ...summaryFields,
  group: nullableText.meta({ description: 'the consumer group that refused it' }),
  timestamp_ms: z.int().meta({ description: 'of the dead letter itself' }),
  value: z.unknown().meta({ description: 'the JSON in the value as it is written, at any depth; else its text; else its bytes' }),
  key_hex: nullableText,
  value_hex: nullableText,
  headers: z.record(z.string(), z.unknown()).meta({ description: 'those of the record itself' }),
  schema: z.record(z.string(), z.unknown()).meta({ description: 'JSON Schema of the values of the topic that refused it' }),
});
