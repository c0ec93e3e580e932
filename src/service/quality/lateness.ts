/**
 * How late events come: from when an event says it happened to the timestamp of its record in the log. Pure.
 *
 * The timestamp is the log's time of append; on a topic of Kafka with `message.timestamp.type=CreateTime` it is the producer's.
 */
import type { RecordAddress } from '../../log/record-address.js';

const HOUR_MS = 3_600_000;
/** Later than this is counted as late. */
export const LATE_AFTER_MS = HOUR_MS;

/** One record that was looked at. */
export interface LookedAt extends RecordAddress {
  readonly timestampMs: number;
  /** When its event says it happened, Unix ms; undefined: the record is no event. */
  readonly eventMs: number | undefined;
}

export interface LatestEvent extends RecordAddress {
  readonly event_at_ms: number;
  readonly timestamp_ms: number;
  /** timestamp_ms - event_at_ms. */
  readonly late_by_ms: number;
}

export interface Lateness {
  /** Records that were looked at. Each is in one of the five counts below. */
  readonly records: number;
  readonly on_time: number;
  /** Events more than LATE_AFTER_MS late. */
  readonly late: number;
  /** Events that happened after their record's timestamp, by their own word. They are in none of the three values below. */
  readonly future_dated: number;
  /** Records that are no event of the topic; they are refused. */
  readonly not_events: number;
  /** Events whose record has no timestamp, as of old producers of Kafka: nobody knows how late they came. */
  readonly no_timestamp: number;
  /** ms; null: there was no event on time or late. Of the sorted values: the one at the rank ceil(share x n). */
  readonly median_ms: number | null;
  readonly p95_ms: number | null;
  readonly max_ms: number | null;
  /** The event that came latest, as max_ms has it; of several the newest record. */
  readonly latest: LatestEvent | null;
  /** Timestamp of the newest record that was looked at. */
  readonly newest_timestamp_ms: number | null;
}

export function latenessOf(records: readonly LookedAt[]): Lateness {
  const known: number[] = [];
  let latest: LatestEvent | null = null;
  let newestMs: number | null = null;
  let [late, futureDated, notEvents, noTimestamp] = [0, 0, 0, 0];
  for (const { topic, partition, offset, timestampMs, eventMs } of records) {
    if (timestampMs >= 0) newestMs = Math.max(newestMs ?? 0, timestampMs);
    if (eventMs === undefined) {
      notEvents++;
      continue;
    }
    if (timestampMs < 0) {
      noTimestamp++;
      continue;
    }
    const lateByMs = timestampMs - eventMs;
    if (lateByMs < 0) {
      futureDated++;
      continue;
    }
    known.push(lateByMs);
    if (lateByMs > LATE_AFTER_MS) late++;
    const isLatest =
      latest === null || lateByMs > latest.late_by_ms || (lateByMs === latest.late_by_ms && timestampMs >= latest.timestamp_ms);
    if (isLatest) latest = { topic, partition, offset, event_at_ms: eventMs, timestamp_ms: timestampMs, late_by_ms: lateByMs };
  }
  known.sort((a, b) => a - b);
  const atShare = (share: number): number | null => known[Math.ceil(share * known.length) - 1] ?? null;
  return {
    records: records.length,
    on_time: known.length - late,
    late,
    future_dated: futureDated,
    not_events: notEvents,
    no_timestamp: noTimestamp,
    median_ms: atShare(0.5),
    p95_ms: atShare(0.95),
    max_ms: known.at(-1) ?? null,
    latest,
    newest_timestamp_ms: newestMs,
  };
}
