/** A record as it lies in the log, as it is read, and what it did: to the state of this member, as that stands now. */
import { accepted } from '../audit/refusal.js';
import { readDeadLetterReason } from '../events/dead-letter.js';
import { decodeRecord, type DecodeRules, type EventOf } from '../events/decode.js';
import type { Log, LogRecord, RecordAddress } from '../log/port.js';
import { countsRow, happeningsBehind } from '../projections/behind.js';
import { factOf, keptTime, type Fact } from '../projections/kept-times.js';
import type { Registry } from '../projections/registry.js';
import { newestOf } from '../projections/row-counts.js';
import { keyOf } from '../projections/row-kind.js';
import type { PartitionReader } from '../store/queries/partition-reader.js';
import { controlOffset, UserDecisions } from '../store/queries/user-decisions.js';
import { CONSUMED_TOPICS, fullTopicName, isRowTopic, topicNamed, type ConsumedTopic, type RowTopic, type TopicName } from '../topics.js';
import { deadLetterOf } from './dead-letter-of.js';
import type { LinkedDecision, RecordDocument, RecordEffect } from './documents.js';
import { readRecord } from './read-record.js';
import { recordBytes } from './record-bytes.js';
import { factIn, isSameFact } from './user-records.js';

export interface RecordQuestion {
  readonly address: RecordAddress;
  /** With an end to each wait. */
  readonly log: Pick<Log, 'read' | 'offsets'>;
  readonly topicPrefix: string;
  readonly rules: DecodeRules;
  readonly registry: Registry;
  /** Of the record's partition; undefined: this member does not hold it. Asked once the record is read: meanwhile it may go. */
  readonly reader: () => PartitionReader | undefined;
  readonly nowMs: number;
  readonly signal?: AbortSignal | undefined;
}

const isConsumed = (topic: TopicName): topic is ConsumedTopic => (CONSUMED_TOPICS as readonly TopicName[]).includes(topic);

/** Throws what `readRecord` throws. */
export async function recordDocument(question: RecordQuestion): Promise<RecordDocument> {
  const { address, log, topicPrefix, rules, nowMs, signal } = question;
  const { record, previousOffset, nextOffset } = await readRecord(log, topicPrefix, address, signal);
  const reader = question.reader();
  const topic = topicNamed(topicPrefix, address.topic);
  const isFolded = topic !== undefined && isConsumed(topic) && question.registry.topics.includes(topic);
  const appliedTo = isFolded ? (reader?.positions().get(address.topic) ?? (reader && 0)) : undefined;
  const isApplied = appliedTo === undefined ? null : address.offset < appliedTo;
  const decoded = topic === undefined ? undefined : isConsumed(topic) ? accepted(topic, record, rules) : decodeRecord(topic, record, rules);
  // What nobody folds is refused by nobody: a tombstone of profile.features is as it should be.
  const refusal =
    !isFolded || decoded === undefined || decoded.ok ? null : { code: decoded.rejection.code, message: decoded.rejection.message };
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp_ms: record.timestampMs,
    key: recordBytes(record.key),
    value: recordBytes(record.value),
    headers: record.headers.map(([name, value]) => ({ name, value: recordBytes(value) })),
    previous_offset: previousOffset,
    next_offset: nextOffset,
    event: decoded?.ok === true ? (decoded.event as Readonly<Record<string, unknown>>) : null,
    refusal,
    is_folded: isFolded,
    applied: isApplied,
    applied_to: appliedTo ?? null,
    as_of_ms: nowMs,
    effect:
      decoded?.ok === true && isApplied === true && topic !== undefined && isConsumed(topic)
        ? effectOf(question, reader!, topic, record, decoded.event)
        : null,
    dead_letter: refusal !== null && isApplied === true ? await deadLetterOf(log, record, signal) : null,
    refused: topic === undefined ? refusedBy(record) : null,
  };
}

function refusedBy({ headers }: LogRecord): RecordDocument['refused'] {
  const { topic, partition, offset, code, message, failedAtMs, redriveCount } = readDeadLetterReason(headers);
  const record = topic === null || partition === null || offset === null ? null : { topic, partition, offset };
  return { record, code, message, failed_at_ms: failedAtMs, redrive_count: redriveCount };
}

function effectOf(
  question: RecordQuestion,
  reader: PartitionReader,
  topic: ConsumedTopic,
  record: LogRecord,
  event: object,
): RecordEffect | null {
  if (isRowTopic(topic)) return rowEffect(question, reader, topic, event as RowEvent);
  switch (topic) {
    case 'tip.served':
    case 'tip.feedback':
      return tipEffect(question, reader, event as EventOf<typeof topic>, factIn(topic, record, question.rules)!);
    case 'tip.candidates':
    case 'tip.scored':
    case 'tip.scored.shadow':
      return decisionEffect(question, reader, topic, record, event as EventOf<typeof topic>);
    case 'policy.control': {
      const { control_id: controlId } = event as EventOf<typeof topic>;
      const offset = controlOffset(reader.path, controlId);
      return {
        kind: 'control',
        control_id: controlId,
        is_this: offset === record.offset,
        control: offset === undefined ? null : { topic: record.topic, partition: record.partition, offset },
      };
    }
    case 'user.forgotten': {
      const { user_digest: digest, positions } = event as EventOf<typeof topic>;
      return { kind: 'forgotten', user_digest: digest, positions };
    }
  }
}

/** Of a topic that one kind is made of; null where the registry has no such kind. */
function rowEffect(
  { registry, nowMs }: RecordQuestion,
  reader: PartitionReader,
  topic: ConsumedTopic,
  event: RowEvent,
): RecordEffect | null {
  const set = registry.kinds.find(({ kind }) => kind.topics.includes(topic));
  const said = set?.kind.rowOf(event as unknown as Readonly<Record<string, unknown>>);
  if (set === undefined || said === undefined) return null;
  const { kind } = set;
  const rows = reader.rows(event.user_id).get(kind.name) ?? [];
  const row = rows.find((one) => keyOf(kind, one) === keyOf(kind, said)) ?? null;
  const counts = row !== null && (kind.newestOf === undefined || [...newestOf(kind, rows, nowMs)].includes(row));
  return {
    kind: 'row',
    user_id: event.user_id,
    table: kind.name,
    is_kept: row !== null && kind.join(row, said) === row && kind.times.every((time) => row[time] === said[time]),
    row,
    counted_in: (counts ? registry.features.filter((feature) => countsRow(feature, kind, row, nowMs)) : []).map(({ name }) => name),
  };
}

type RowEvent = EventOf<RowTopic>;

function tipEffect(
  { registry, nowMs, topicPrefix, address }: RecordQuestion,
  reader: PartitionReader,
  { user_id: userId, tip_id: tipId }: { readonly user_id: string; readonly tip_id: string },
  fact: Fact,
): RecordEffect {
  const decisions = new UserDecisions(reader.path, userId);
  try {
    const tip = decisions.tip(tipId);
    const kept = tip && factOf(tipId, tip, fact.happening);
    const isKept = kept !== undefined && isSameFact(kept, fact);
    const counting = isKept ? registry.features.filter((feature) => happeningsBehind(feature, tip!, nowMs).includes(fact.happening)) : [];
    return {
      kind: 'tip',
      user_id: userId,
      tip_id: tipId,
      happening: fact.happening,
      at_ms: fact.atMs,
      is_kept: isKept,
      kept_at_ms: tip === undefined ? null : keptTime(tip, fact.happening),
      counted_in: counting.map(({ name }) => name),
      decisions: decisions.decisionsOfTip(tipId).map((decisionId): LinkedDecision => {
        const { live } = decisions.one(decisionId);
        return {
          decision_id: decisionId,
          record: decisionRecord(topicPrefix, 'tip.scored', address.partition, live?.scoredOffset),
          reward: live?.learned?.reward ?? null,
        };
      }),
    };
  } finally {
    decisions.close();
  }
}

function decisionEffect(
  { topicPrefix }: RecordQuestion,
  reader: PartitionReader,
  topic: 'tip.candidates' | 'tip.scored' | 'tip.scored.shadow',
  { partition, offset, topic: fullName }: LogRecord,
  { user_id: userId, decision_id: decisionId }: { readonly user_id: string; readonly decision_id: string },
): RecordEffect {
  const decisions = new UserDecisions(reader.path, userId);
  try {
    const { live, shadow } = decisions.one(decisionId);
    const input = live?.event.input;
    const isThis = {
      'tip.candidates': input != null && input.topic === fullName && input.partition === partition && input.offset === offset,
      'tip.scored': live?.scoredOffset === offset,
      'tip.scored.shadow': shadow?.scoredOffset === offset,
    };
    return {
      kind: 'decision',
      user_id: userId,
      decision_id: decisionId,
      is_this: isThis[topic],
      decision: decisionRecord(topicPrefix, 'tip.scored', partition, live?.scoredOffset),
      shadow: decisionRecord(topicPrefix, 'tip.scored.shadow', partition, shadow?.scoredOffset),
    };
  } finally {
    decisions.close();
  }
}

/** Where a decision lies; null: not yet read back. */
export function decisionRecord(
  topicPrefix: string,
  topic: 'tip.scored' | 'tip.scored.shadow',
  partition: number,
  offset: number | null | undefined,
): RecordAddress | null {
  return offset == null ? null : { topic: fullTopicName(topicPrefix, topic), partition, offset };
}
