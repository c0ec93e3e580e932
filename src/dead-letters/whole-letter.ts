/** One dead letter whole: why, where from, its bytes, and what the schema of its topic wants. */
import { eventSchema, type JsonSchema } from '../contracts/json-schema.js';
import { TipstreamError } from '../errors.js';
import { originalHeaders, readDeadLetterReason } from '../events/dead-letter.js';
import { addressText } from '../events/redrive.js';
import type { Log, LogRecord, RecordAddress } from '../log/port.js';
import { recordAt } from '../log/record-at.js';
import { headersToJson, recordToJson, type HeadersJson, type RecordJson } from '../producer/json-form.js';
import type { TopicName } from '../topics.js';
import { summaryOf, type DeadLetterSummary } from './summary.js';

/** To be printed by `printFields`: a value that is JSON is printed as its bytes write it, at any depth. */
export interface WholeLetter extends DeadLetterSummary {
  readonly group: string | null;
  /** Of the dead letter itself, Unix ms. */
  readonly timestamp_ms: number;
  /** The JSON in it, else its text, else its bytes. */
  readonly value: RecordJson['value'];
  readonly key_hex: string | null;
  readonly value_hex: string | null;
  /** Those of the record itself. */
  readonly headers: HeadersJson;
  /** JSON Schema of the values of its topic. */
  readonly schema: JsonSchema;
}

/** `input`: whose dead-letter topic it is. Throws topic_not_found, not_found. */
export async function readWholeLetter(log: Log, address: RecordAddress, input: TopicName): Promise<WholeLetter> {
  const range = (await log.offsets(address.topic)).get(address.partition);
  const isThere = range !== undefined && address.offset >= range.low && address.offset < range.end;
  const record = isThere ? await recordAt(log, address, undefined, { raw: true }) : undefined;
  if (record !== undefined) return wholeLetter(await asRead(log, record), input);
  throw new TipstreamError('not_found', `there is no record ${addressText(address)}`, { details: { ...address } });
}

/** With what its value stands for, if there is a registry and it answers: a letter is worth showing without. */
async function asRead(log: Log, record: LogRecord): Promise<LogRecord> {
  try {
    return (await log.withPayloads?.([record]))?.[0] ?? record;
  } catch (error) {
    if (error instanceof TipstreamError) return record;
    throw error;
  }
}

function wholeLetter(record: LogRecord, input: TopicName): WholeLetter {
  const reason = readDeadLetterReason(record.headers);
  return {
    ...summaryOf({ record, reason }),
    group: reason.group,
    timestamp_ms: record.timestampMs,
    value: recordToJson(record).value,
    key_hex: record.key?.toString('hex') ?? null,
    value_hex: record.value?.toString('hex') ?? null,
    headers: headersToJson(originalHeaders(record.headers)),
    schema: eventSchema(input),
  };
}
