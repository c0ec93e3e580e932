/** What an auditor gets: what was asked, what is gone, what remains and until when, sealed by a hash over all of it. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { makeDirectory } from '../make-directory.js';
import { writeWhole } from '../store/directory/write-whole.js';

const count = z.int().min(0);
const timeMs = z.int().min(0);

export const receiptSchema = z.object({
  receipt: z.literal('tipstream forget 1'),
  forget_id: z.string(),
  user_digest: z.string().meta({ description: 'SHA-256 of the user_id in UTF-8' }),
  forgotten_at_ms: timeMs,
  completed_at_ms: timeMs,
  by: z.string().nullable().meta({ description: 'who asked, as the audit trail names them' }),
  reason: z.string().nullable(),
  log: z.enum(['sqlite', 'kafka']),
  topic_prefix: z.string(),
  event: z.object({ topic: z.string(), partition: count, offset: count }).meta({ description: 'the record that says so' }),
  positions: z
    .record(z.string(), count)
    .meta({ description: "topic -> offset below which nothing of the user exists, of the user's partition" }),
  feature_set: z.string(),
  removed: z.object({
    records: z.array(z.object({ topic: z.string(), partition: count, records: count })).meta({ description: 'deleted from the log' }),
    user_in_state: z.boolean().meta({ description: 'whether the state had the user' }),
    dead_letter_files: count,
    generations: z.array(z.string()),
  }),
  rewritten: z
    .array(z.string())
    .meta({ description: 'files that were rewritten, so that free pages and write-ahead logs hold nothing of the user' }),
  remains: z.object({
    records: z.array(
      z.object({
        topic: z.string(),
        partition: count,
        records: count,
        first_offset: count,
        last_offset: count,
        newest_at_ms: timeMs,
        cleanup_policy: z.string().nullable(),
        retention_ms: z.int().nullable(),
        gone_after_ms: timeMs
          .nullable()
          .meta({ description: 'when retention lets go of the newest, by its timestamp; null: see how_to_remove' }),
        how_to_remove: z.string(),
      }),
    ),
    files: z.array(z.string()).meta({ description: 'in the data directory; they hold the bytes of the id' }),
    files_in_longer_words: z
      .array(z.string())
      .optional()
      .meta({ description: 'they hold the bytes of the id as a part of longer words alone, such as user-1 in user-10' }),
    files_searched: count,
    files_not_searched: z.string().nullable().meta({ description: 'why it cannot be told from the files; null: it can' }),
    not_known: z.array(z.string()).meta({ description: 'what nobody can look into from here' }),
  }),
  others: z.object({ users: count, digest_before: z.string(), digest_after: z.string(), as_of_ms: timeMs }).nullable().meta({
    description: 'the other users of the partition, at the same positions before and after; null: there were too many, use verify',
  }),
  sha256: z.string().meta({ description: 'of the document without this field, as JSON.stringify prints it' }),
});

export type Receipt = z.infer<typeof receiptSchema>;

export function sealed(receipt: Omit<Receipt, 'sha256'>): Receipt {
  return { ...receipt, sha256: sealOf(receipt) };
}

export function isIntact({ sha256, ...receipt }: Receipt): boolean {
  return sealOf(receipt) === sha256;
}

function sealOf(receipt: Omit<Receipt, 'sha256'>): string {
  return createHash('sha256').update(JSON.stringify(receipt)).digest('hex');
}

export const receiptsDirectory = (dataDirectory: string): string => join(dataDirectory, 'receipts');
/** Anybody who reaches the log can write an id that is no name of a file. */
const nameOf = (forgetId: string): string =>
  /^[\w-]{1,64}$/.test(forgetId) ? forgetId : createHash('sha256').update(forgetId).digest('hex');
const fileOf = (dataDirectory: string, forgetId: string): string => join(receiptsDirectory(dataDirectory), `${nameOf(forgetId)}.json`);

export function keepReceipt(dataDirectory: string, receipt: Receipt): void {
  makeDirectory(receiptsDirectory(dataDirectory));
  writeWhole(fileOf(dataDirectory, receipt.forget_id), `${JSON.stringify(receipt, null, 2)}\n`);
}

/** Whether the forgetting was completed on this data directory. */
export function isCompleted(dataDirectory: string, forgetId: string): boolean {
  return existsSync(fileOf(dataDirectory, forgetId));
}
