/** Which records of a topic `tail` prints: where it starts in each partition, and what it passes over. */
import { TipstreamError, UsageError } from '../errors.js';
import type { LogRecord, OffsetRange } from '../log/port.js';

export interface SelectionOptions {
  readonly fromBeginning?: boolean;
  /** Only this partition. */
  readonly partition?: number;
  /** The first offset, of `partition`. */
  readonly offset?: number;
  /** Unix ms; records without a timestamp are older than any time. */
  readonly since?: number;
  /** At most so many of the newest records of each partition. */
  readonly last?: number;
  /** Only records with this key, as UTF-8. */
  readonly key?: string;
}

export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly end: number;
}

/** Throws UsageError for options that contradict each other. */
export function checkSelection(options: { readonly [Name in keyof SelectionOptions]?: unknown }): void {
  const { fromBeginning, partition, offset, since, last } = options;
  if (offset !== undefined && partition === undefined) {
    throw new UsageError('--offset needs --partition', { hint: 'An offset says something within a partition only: add --partition N.' });
  }
  const starts = Object.entries({ '--from-beginning': fromBeginning || undefined, '--offset': offset, '--since': since, '--last': last });
  const given = starts.filter(([, value]) => value !== undefined).map(([flag]) => flag);
  if (given.length > 1) throw new UsageError(`${given.join(' and ')} each say where to start`, { hint: 'Give one of them.' });
}

/** Ascending by partition. Throws not_found for a partition that the topic does not have, offset_out_of_range for such an offset. */
export function startPositions(topic: string, ranges: ReadonlyMap<number, OffsetRange>, options: SelectionOptions): Position[] {
  const { partition: only } = options;
  if (only !== undefined && !ranges.has(only)) {
    throw new TipstreamError('not_found', `${topic} has no partition ${only}`, { hint: `It has partitions 0 to ${ranges.size - 1}.` });
  }
  return [...ranges]
    .filter(([partition]) => only === undefined || partition === only)
    .sort(([a], [b]) => a - b)
    .map(([partition, range]) => ({ topic, partition, from: startIn(topic, partition, range, options), end: range.end }));
}

function startIn(topic: string, partition: number, { low, end }: OffsetRange, options: SelectionOptions): number {
  const { fromBeginning, offset, since, last } = options;
  if (offset !== undefined) {
    if (offset >= low && offset <= end) return offset;
    throw new TipstreamError('offset_out_of_range', `${topic} partition ${partition} holds no offset ${offset}`, {
      hint: `It holds offsets ${low} to ${end}, the end excluded.`,
      details: { topic, partition, offset, low, end },
    });
  }
  if (last !== undefined) return Math.max(low, end - last);
  // Timestamps of a topic need not ascend, so all of it is read, and what is older is passed over.
  return fromBeginning || since !== undefined ? low : end;
}

export function isSelected({ key, timestampMs }: LogRecord, options: SelectionOptions): boolean {
  if (options.since !== undefined && timestampMs < options.since) return false;
  return options.key === undefined || (key !== null && key.equals(Buffer.from(options.key)));
}
