import { createHash } from 'node:crypto';
import type { LogRecord } from './port.js';

const HEX_DIGITS = 32;
const NULL_LENGTH = 0xffff_ffff;

/** What a record contains, 32 hex digits: key, value, timestamp. Two records at one offset with the same hash are the same. */
export function recordHash({ key, value, timestampMs }: Pick<LogRecord, 'key' | 'value' | 'timestampMs'>): string {
  const head = Buffer.alloc(16);
  head.writeDoubleBE(timestampMs, 0);
  head.writeUInt32BE(key?.length ?? NULL_LENGTH, 8);
  head.writeUInt32BE(value?.length ?? NULL_LENGTH, 12);
  const hash = createHash('sha256').update(head);
  if (key !== null) hash.update(key);
  if (value !== null) hash.update(value);
  return hash.digest('hex').slice(0, HEX_DIGITS);
}

export interface AppliedRecord {
  readonly offset: number;
  /** recordHash of it */
  readonly hash: string;
}
