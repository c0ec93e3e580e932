/**
 * A delivery's records, made one at a time. A worker holds tens of thousands that wait; as objects they would outlive the young
 * generation and cost several times their bytes.
 */
import type { Delivery, LogRecord } from '../../log/port.js';

export interface RecordRun {
  readonly length: number;
  timestampAt(index: number): number;
  offsetAt(index: number): number;
  recordAt(index: number): LogRecord;
}

export interface RunDelivery extends Omit<Delivery, 'records'> {
  readonly records: RecordRun;
}

/** Records that are objects already. */
export function runOf(records: readonly LogRecord[]): RecordRun {
  return {
    length: records.length,
    timestampAt: (index) => records[index]!.timestampMs,
    offsetAt: (index) => records[index]!.offset,
    recordAt: (index) => records[index]!,
  };
}
