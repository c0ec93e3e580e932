/** What the simulated producers hand to the log. */
import type { TopicName } from '../topics.js';
import type { FaultKind } from './faults.js';

export interface SimulatedRecord {
  readonly topic: TopicName;
  readonly key: string | null;
  /** An object is sent as JSON, a string as it is (the bytes of an invalid event), null as a tombstone. */
  readonly value: object | string | null;
  /** When it reaches the log, Unix ms. */
  readonly timestampMs: number;
  /** What is wrong with it; null for a valid event. */
  readonly fault: FaultKind | null;
}

/** The record's bytes, as producers send them. */
export function valueBytes(record: SimulatedRecord): Buffer | null {
  if (record.value === null) return null;
  return Buffer.from(typeof record.value === 'string' ? record.value : JSON.stringify(record.value));
}
