/**
 * Whether the log still holds a record of which the offset and the hash are known: the one question behind "is this the same log?".
 * A topic that was deleted and filled again, and a log that lost its tail and was written anew, hold another record at that offset.
 */
import { TipstreamError } from '../../errors.js';
import type { Log, LogRecord, OffsetRange } from '../port.js';
import { recordAt } from '../record-at.js';
import { recordHash, type AppliedRecord } from '../record-hash.js';

/**
 * same, other: what the log holds there. deleted: the record is below the low end; compacted: gone from within the log. beyond_end: the
 * log ends before.
 */
export type RecordFinding = 'same' | 'other' | 'deleted' | 'compacted' | 'beyond_end';

export interface KnownRecord {
  readonly topic: string;
  readonly partition: number;
  readonly record: AppliedRecord;
  /** What the log holds of the partition; undefined: nothing is known of it, and so nothing can be said. */
  readonly range: OffsetRange | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with the record when it is the same. */
  readonly onSame?: ((record: LogRecord) => void) | undefined;
}

/** Reads that one record. Throws what reading throws. */
export async function findRecord(log: Log, { topic, partition, record, range, signal, onSame }: KnownRecord): Promise<RecordFinding> {
  const { offset, hash } = record;
  if (range === undefined || offset < range.low) return 'deleted';
  // A read from the very end would wait for the next record.
  if (offset >= range.end) return 'beyond_end';
  try {
    const found = await recordAt(log, { topic, partition, offset }, signal, { raw: true });
    if (found === undefined) return 'compacted';
    if (recordHash(found) !== hash) return 'other';
    onSame?.(found);
    return 'same';
  } catch (error) {
    // Retention went on since the range was asked for.
    if (error instanceof TipstreamError && error.code === 'offset_out_of_range' && offset < Number(error.details?.['low']))
      return 'deleted';
    throw error;
  }
}
