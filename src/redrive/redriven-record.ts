/** The record that a dead letter becomes. Pure: key, value and headers are the very bytes. */
import { decodeValue, userIn } from '../events/decode.js';
import { originalHeaders } from '../events/dead-letter.js';
import { redriveHeaders } from '../events/redrive.js';
import { TipstreamError } from '../errors.js';
import { partitionFor, type PartitionerName } from '../log/partitioner.js';
import type { LogRecord, NewRecord, RecordHeaders } from '../log/port.js';
import type { Planned } from './plan.js';

export interface PlacementRules {
  readonly partitioner: PartitionerName;
  /** How many the topics have. */
  readonly partitions: number;
  readonly maxValueBytes: number;
}

export interface RedriveChange {
  /** To the partition that the key belongs to, instead of the one where the record lay. */
  readonly repartition: boolean;
  /** Another value; its user's id becomes the key. */
  readonly edit?: Buffer | undefined;
}

/** `bytes` holds key and value, and `headers` are the dead letter's. Throws invalid_event for an edit that would be refused again. */
export function redrivenRecord(
  planned: Planned,
  bytes: Pick<LogRecord, 'key' | 'value'>,
  headers: RecordHeaders,
  rules: PlacementRules,
  change: RedriveChange,
): NewRecord & { readonly partition: number } {
  const { letter, timestampMs } = planned;
  const source = letter.source!;
  const { edit } = change;
  const key = edit === undefined ? bytes.key : keyOfEdit(planned, edit, headers, bytes.key, rules);
  const moves = change.repartition || (edit !== undefined && !(rules.partitioner === 'any' && sameBytes(key, bytes.key)));
  return {
    topic: source.topic,
    partition: moves && key !== null ? partitionFor(rules.partitioner, key, rules.partitions) : source.partition,
    key,
    value: edit ?? bytes.value,
    headers: redriveHeaders(headers, { letter: letter.address, source, count: letter.redriveCount + 1, edited: edit !== undefined }),
    ...(timestampMs === undefined ? {} : { timestampMs }),
  };
}

function keyOfEdit(
  { letter }: Planned,
  edit: Buffer,
  headers: RecordHeaders,
  key: Buffer | null,
  { maxValueBytes }: PlacementRules,
): Buffer | null {
  const decoded = decodeValue(letter.input, edit, originalHeaders(headers), maxValueBytes);
  if (!decoded.ok) {
    const { code, message } = decoded.rejection;
    throw new TipstreamError('invalid_event', `the edited value would be refused too: ${code}: ${message}`, {
      hint: 'Correct the file, and try it with --dry-run. Nothing was written.',
      details: { topic: letter.input, reason: code },
    });
  }
  const userId = userIn(decoded.event);
  return userId === undefined ? key : Buffer.from(userId);
}

const sameBytes = (a: Buffer | null, b: Buffer | null): boolean => a === b || (a !== null && b !== null && a.equals(b));
