/** Whether a log holds the records that a document was made from. */
import { TipstreamError } from '../errors.js';
import { findRecord } from '../log/checks/known-record.js';
import type { Log, OffsetRange } from '../log/port.js';

/** topic -> partition -> a record. */
export type KnownRecords = Readonly<Record<string, Readonly<Record<string, { readonly offset: number; readonly hash: string }>>>>;

/** Where it holds another one, or ends before, in words; undefined: nowhere. Of records that have been deleted since nothing is said. */
export async function otherLog(log: Log, records: KnownRecords): Promise<string | undefined> {
  for (const [topic, partitions] of Object.entries(records)) {
    const ranges = await log.offsets(topic).catch((error: unknown) => {
      if (error instanceof TipstreamError && error.code === 'topic_not_found') return new Map<number, OffsetRange>();
      throw error;
    });
    for (const [partition, record] of Object.entries(partitions)) {
      const range = ranges.get(Number(partition));
      if (range === undefined) return `${topic} has no partition ${partition} here`;
      const finding = await findRecord(log, { topic, partition: Number(partition), record, range });
      const at = `${topic} partition ${partition}`;
      if (finding === 'beyond_end') return `${at} ends at offset ${range.end} here, and it knows the record at ${record.offset}`;
      if (finding === 'other') return `${at} holds another record at offset ${record.offset} here`;
    }
  }
  return undefined;
}
