/** Whether a log holds the records that a document was made from. */
import { recordHash } from '../log/record-hash.js';
import type { Log } from '../log/port.js';
import { TipstreamError } from '../errors.js';

/** topic -> partition -> a record. */
export type KnownRecords = Readonly<Record<string, Readonly<Record<string, { readonly offset: number; readonly hash: string }>>>>;

/** Where it holds another one, or ends before, in words; undefined: nowhere. Of records that have been deleted since nothing is said. */
export async function otherLog(log: Log, records: KnownRecords): Promise<string | undefined> {
  for (const [topic, partitions] of Object.entries(records)) {
    const ranges = await log.offsets(topic).catch((error: unknown) => {
      if (error instanceof TipstreamError && error.code === 'topic_not_found') return new Map<number, { low: number; end: number }>();
      throw error;
    });
    for (const [partition, { offset, hash }] of Object.entries(partitions)) {
      const range = ranges.get(Number(partition));
      if (range === undefined) return `${topic} has no partition ${partition} here`;
      if (offset >= range.end)
        return `${topic} partition ${partition} ends at offset ${range.end} here, and it knows the record at ${offset}`;
      if (offset < range.low) continue;
      for await (const [record] of log.read({ topic, partition: Number(partition), from: offset, to: offset + 1 })) {
        if (record !== undefined && recordHash(record) !== hash)
          return `${topic} partition ${partition} holds another record at offset ${offset} here`;
      }
    }
  }
  return undefined;
}
