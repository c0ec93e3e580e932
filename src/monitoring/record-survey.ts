/** What the newest records of a topic say: events dated ahead, events that came twice, and the clocks of who wrote them. */
import { decodeValue } from '../events/decode.js';
import { happenedMs } from '../events/event-time.js';
import type { Log, LogRecord } from '../log/port.js';
import { readPart } from '../log/read-part.js';
import { fullTopicName, type CandidatesEvent, type ConsumedTopic } from '../topics.js';
import { producerOf } from './producer.js';
import { countCategory } from './tip-totals.js';

/** Clocks differ by less than this, and nobody needs to know. */
export const CLOCK_TOLERANCE_MS = 60_000;
/** Producers that are named, by how many records they wrote. */
const MOST_PRODUCERS = 50;

export interface ProducerClock {
  /** See producer.ts. */
  readonly producer: string;
  readonly records: number;
  /** ms from the event to the timestamp of its record: the median and the least. A clock that is ahead makes them negative. */
  readonly median_ms: number;
  readonly least_ms: number;
}

export interface RecordSurvey {
  /** Looked at, with a timestamp before as-of. Each is an event, or no event of the topic. */
  readonly records: number;
  readonly not_events: number;
  /** Events dated after the timestamp of their record, and those of them by more than CLOCK_TOLERANCE_MS. */
  readonly future_dated: number;
  readonly far_ahead: number;
  /** Events that repeat an earlier one of those looked at. */
  readonly duplicates: number;
  /** By number of records, at most MOST_PRODUCERS. Of records with a timestamp. */
  readonly producers: readonly ProducerClock[];
  readonly eventTimesMs: readonly number[];
  /** Of the events looked at, where they name candidates: how many, and category -> how many have it. */
  readonly candidates: number;
  readonly candidateCategories: ReadonlyMap<string, number>;
  /** false: time was up, or records went meanwhile. */
  readonly is_whole: boolean;
  /** Whether it begins at the first record that the log holds. */
  readonly from_beginning: boolean;
}

export interface RecordQuestion {
  readonly topicPrefix: string;
  readonly partitions: readonly number[];
  /** Of each topic, over the partitions. */
  readonly mostRecords: number;
  readonly asOfMs: number;
  readonly signal: AbortSignal;
  /** Called between records, where others are to have their turn. */
  readonly turn?: () => Promise<void>;
}

export async function surveyRecords(log: Log, topic: ConsumedTopic, question: RecordQuestion): Promise<RecordSurvey> {
  const fullName = fullTopicName(question.topicPrefix, topic);
  const seen = new Set<string>();
  const clocks = new Map<string, number[]>();
  const eventTimesMs: number[] = [];
  const candidateCategories = new Map<string, number>();
  let [records, notEvents, futureDated, farAhead, duplicates, candidates] = [0, 0, 0, 0, 0, 0];
  const look = (record: LogRecord): void => {
    if (record.timestampMs >= question.asOfMs) return;
    records++;
    const decoded = decodeValue(topic, record.value, record.headers, Infinity, record.payload);
    const atMs = decoded.ok ? happenedMs(topic, decoded.event) : undefined;
    if (!decoded.ok || atMs === undefined) {
      notEvents++;
      return;
    }
    eventTimesMs.push(atMs);
    for (const { category } of candidatesIn(decoded.event)) {
      candidates++;
      if (category != null) countCategory(candidateCategories, category);
    }
    const identity = identityOf(topic, decoded.event);
    if (seen.has(identity)) duplicates++;
    else seen.add(identity);
    if (record.timestampMs < 0) return;
    const lateByMs = record.timestampMs - atMs;
    if (lateByMs < 0) futureDated++;
    if (lateByMs < -CLOCK_TOLERANCE_MS) farAhead++;
    const producer = producerOf(record, decoded.event);
    const known = clocks.get(producer);
    if (known === undefined) clocks.set(producer, [lateByMs]);
    else known.push(lateByMs);
  };
  const read = await readNewest(log, fullName, question, look);
  return {
    records,
    not_events: notEvents,
    future_dated: futureDated,
    far_ahead: farAhead,
    duplicates,
    producers: [...clocks]
      .sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))
      .slice(0, MOST_PRODUCERS)
      .map(([producer, lateByMs]) => clockOf(producer, lateByMs)),
    eventTimesMs,
    candidates,
    candidateCategories,
    ...read,
  };
}

function clockOf(producer: string, lateByMs: number[]): ProducerClock {
  lateByMs.sort((a, b) => a - b);
  return {
    producer,
    records: lateByMs.length,
    median_ms: lateByMs[Math.ceil(lateByMs.length / 2) - 1]!,
    least_ms: lateByMs[0]!,
  };
}

function candidatesIn(event: object): readonly { readonly category?: string | null | undefined }[] {
  return 'candidates' in event ? (event as CandidatesEvent).candidates : [];
}

/** What makes two events of a topic the same one. */
function identityOf(topic: ConsumedTopic, event: object): string {
  const { user_id, tip_id, decision_id, feedback_id, action, reacted_at_ms } = event as Readonly<Record<string, unknown>>;
  if (topic === 'tip.served') return JSON.stringify([user_id, tip_id]);
  if (topic === 'tip.feedback') return JSON.stringify([user_id, feedback_id ?? [tip_id, action, reacted_at_ms]]);
  if (topic === 'tip.candidates') return JSON.stringify([user_id, decision_id]);
  return JSON.stringify(event);
}

/** An equal share of each partition. */
export async function readNewest(
  log: Log,
  topic: string,
  { partitions, mostRecords, signal, turn = () => Promise.resolve() }: RecordQuestion,
  look: (record: LogRecord) => void,
): Promise<{ readonly is_whole: boolean; readonly from_beginning: boolean }> {
  const ranges = await log.offsets(topic);
  const each = Math.max(1, Math.floor(mostRecords / Math.max(1, partitions.length)));
  let [isWhole, fromBeginning] = [true, true];
  for (const partition of partitions) {
    const { low, end } = ranges.get(partition) ?? { low: 0, end: 0 };
    const from = Math.max(low, end - each);
    if (from > low) fromBeginning = false;
    const to = await readPart(log, { topic, partition, from, to: end, signal }, (record) => {
      look(record);
      return turn();
    });
    if (to < end) isWhole = false;
  }
  return { is_whole: isWhole, from_beginning: fromBeginning };
}
