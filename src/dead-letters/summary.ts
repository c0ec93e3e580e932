/** A dead letter in a few fields: its own address, that of the record it holds, and why that was refused. */
import { readKeptPayload } from '../events/dead-letter.js';
import type { DeadLetter } from '../log/dead-letters.js';
import { bytesToJson, type BytesJson } from '../producer/json-form.js';

export interface DeadLetterSummary {
  readonly topic: string;
  readonly partition: number;
  /** null: it is in a file only, because its topic did not take it. */
  readonly offset: number | null;
  readonly source_topic: string | null;
  readonly source_partition: number | null;
  readonly source_offset: number | null;
  readonly stage: string | null;
  readonly code: string | null;
  readonly message: string | null;
  readonly failed_at_ms: number | null;
  readonly redrive_count: number | null;
  readonly key: BytesJson | null;
  /** Of a letter that its topic did not take whole: the names of its files in the folder dead-letters, and what its value was. */
  readonly kept?:
    | { readonly bytes: number; readonly sha256: string; readonly file?: string | undefined; readonly record?: string | undefined }
    | undefined;
  /** How many more letters of the same record there are: each owner of a partition may have sent one. */
  readonly repeated?: number | undefined;
  /** Field -> its whole length in bytes, where it was cut. */
  readonly truncated?: Readonly<Record<string, number>> | undefined;
}

/** What somebody else wrote into a header or a key can be a megabyte. */
const FIELD_CHARACTERS = 4_096;

export function summaryOf({ record, reason }: DeadLetter): DeadLetterSummary {
  const kept = readKeptPayload(record.headers);
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    source_topic: reason.topic,
    source_partition: reason.partition,
    source_offset: reason.offset,
    stage: reason.stage,
    code: reason.code,
    message: reason.message,
    failed_at_ms: reason.failedAtMs,
    redrive_count: reason.redriveCount,
    key: record.key === null ? null : bytesToJson(record.key),
    ...(kept === undefined
      ? {}
      : {
          kept: {
            bytes: kept.bytes,
            sha256: kept.sha256,
            ...(kept.file === undefined ? {} : { file: kept.file }),
            ...(kept.record === undefined ? {} : { record: kept.record }),
          },
        }),
  };
}

/** With no field longer than that; `truncated` says which were. */
export function bounded(summary: DeadLetterSummary, most = FIELD_CHARACTERS): DeadLetterSummary {
  const truncated: Record<string, number> = {};
  const cut: Record<string, unknown> = { ...summary };
  for (const [name, value] of Object.entries(summary) as [string, unknown][]) {
    const base64 = name === 'key' && typeof value === 'object' ? (value as { base64: string } | null)?.base64 : undefined;
    const text = base64 ?? value;
    if (typeof text !== 'string' || text.length <= most) continue;
    const short = text.slice(0, most).toWellFormed();
    truncated[name] = Buffer.byteLength(text, base64 === undefined ? 'utf8' : 'base64');
    cut[name] = base64 === undefined ? short : { base64: short };
  }
  return Object.keys(truncated).length === 0 ? summary : { ...(cut as unknown as DeadLetterSummary), truncated };
}

/** Of which record it is, TOPIC/PARTITION/OFFSET; undefined: it does not say. */
export function sourceOf({
  source_topic: topic,
  source_partition: partition,
  source_offset: offset,
}: DeadLetterSummary): string | undefined {
  return topic === null || partition === null || offset === null ? undefined : `${topic}/${partition}/${offset}`;
}
