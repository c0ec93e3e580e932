/** Reads one partition of the log up to the positions of a state file, and puts every valid event into the bucket of its user. */
import type { DecodeRules, EventOf } from '../events/decode.js';
import type { Audit } from '../audit/audit.js';
import { accepted } from '../audit/refusal.js';
import type { Rejected } from '../events/rejection.js';
import { TipstreamError } from '../errors.js';
import type { Log, LogRecord } from '../log/port.js';
import { CONSUMED_TOPICS, FORGOTTEN_TOPIC, fullTopicName, isRowTopic, ROW_TOPICS, type ControlEvent, type RowTopic } from '../topics.js';
import type { Buckets } from './buckets.js';
import type { NaiveCounts } from './naive-counts.js';
import { NaiveForgets } from './naive-forgets.js';
import { replayedUser, type EventKind, type ReplayedTopic, type ReplayedUser } from './replayed.js';

export interface ReplayDeps {
  readonly log: Log;
  readonly topicPrefix: string;
  readonly partition: number;
  readonly rules: DecodeRules;
  /** Whether this user's events are wanted. */
  readonly includes: (userId: string) => boolean;
  readonly signal: AbortSignal;
}

export interface TopicRange {
  readonly topic: ReplayedTopic;
  /** With the prefix. */
  readonly fullName: string;
  readonly from: number;
  /** Exclusive: the position of the state file. */
  readonly to: number;
  /** Whether events may be missing: retention took the oldest, or compaction all but the last of each key. */
  readonly incomplete: boolean;
}

export interface ReplayedControl {
  readonly offset: number;
  readonly event: ControlEvent;
}

export interface Replay {
  /** Valid ones of the users wanted, and the controls; without requests. */
  readonly events: number;
  /** control_id -> the record with the lowest offset. */
  readonly controls: ReadonlyMap<string, ReplayedControl>;
  /** Who was forgotten: their records were counted once, and are passed over now. */
  readonly forgets: NaiveForgets;
  /** Of a log that deletes what forgotten users had: topics of which records are gone, whosever they were. */
  readonly erasedFrom: ReadonlySet<ReplayedTopic>;
}

/** What there is to read. Throws offset_out_of_range for a log that ends before a position: it has lost what the state holds. */
export async function rangesToReplay(
  { log, topicPrefix, partition }: ReplayDeps,
  positions: ReadonlyMap<string, number>,
): Promise<TopicRange[]> {
  const applied = CONSUMED_TOPICS.map((topic) => ({ topic, fullName: fullTopicName(topicPrefix, topic) })).filter(({ fullName }) =>
    positions.has(fullName),
  );
  const descriptions = new Map(
    (await log.describeTopics(applied.map(({ fullName }) => fullName))).map((description) => [description.name, description]),
  );
  return Promise.all(
    applied.map(async ({ topic, fullName }) => {
      const to = positions.get(fullName)!;
      const { low, end } = (await log.offsets(fullName)).get(partition) ?? { low: 0, end: 0 };
      if (end < to) {
        throw new TipstreamError(
          'offset_out_of_range',
          `${fullName} partition ${partition} ends at offset ${end}; the state file has applied it up to ${to}`,
          {
            hint: 'Restore the log: the topic was created anew, or the log has lost its end, so the state cannot be replayed from it.',
            details: { topic: fullName, partition, end, position: to },
          },
        );
      }
      const compacted = descriptions.get(fullName)?.cleanupPolicy?.includes('compact') === true;
      return { topic, fullName, from: Math.min(low, to), to, incomplete: low > 0 || compacted };
    }),
  );
}

/** What is told of the records that are read, besides the buckets. */
export interface ReplayTargets {
  readonly buckets: Pick<Buckets, 'add'>;
  readonly audit: Pick<Audit, 'refused' | 'requested'>;
  readonly counts: Pick<NaiveCounts, 'refused' | 'applied'>;
}

/** `passed` is told how many offsets were passed. Ends early when the signal aborts. */
export async function replayInto(
  targets: ReplayTargets,
  source: ReplayDeps,
  ranges: readonly TopicRange[],
  passed: (offsets: number) => void,
): Promise<Replay> {
  const controls = new Map<string, ReplayedControl>();
  const forgets = new NaiveForgets(source.topicPrefix);
  const erasedFrom = new Set<ReplayedTopic>();
  let events = 0;
  // What was forgotten is known before anything else is read.
  const ordered = [...ranges].sort((a, b) => Number(b.topic === FORGOTTEN_TOPIC) - Number(a.topic === FORGOTTEN_TOPIC));
  for (const { topic, fullName, from, to } of ordered) {
    if (from >= to) continue;
    let [at, seen] = [from, 0];
    for await (const records of source.log.read({ topic: fullName, partition: source.partition, from, to, signal: source.signal })) {
      for (const record of records) if (replayRecord(targets, source, topic, record, { controls, forgets })) events++;
      seen += records.length;
      const next = (records.at(-1)?.offset ?? at - 1) + 1;
      passed(next - at);
      at = next;
      if (source.signal.aborted) return { events, controls, forgets, erasedFrom };
    }
    passed(to - at);
    if (source.log.erasing !== undefined && seen < to - from) erasedFrom.add(topic);
  }
  return { events, controls, forgets, erasedFrom };
}

/** Answers whether it was a valid event of somebody wanted that the state is made from. */
function replayRecord(
  { buckets, audit, counts }: ReplayTargets,
  { rules, includes }: ReplayDeps,
  topic: ReplayedTopic,
  record: LogRecord,
  { controls, forgets }: { readonly controls: Map<string, ReplayedControl>; readonly forgets: NaiveForgets },
): boolean {
  if (forgets.passesOver(topic, record)) return false;
  // The key of a valid record is its user; controls are few, and may belong to everybody.
  if (topic !== 'policy.control' && topic !== FORGOTTEN_TOPIC && record.key !== null && !includes(record.key.toString('utf8')))
    return false;
  const { offset } = record;
  const refused = ({ rejection: { code } }: Rejected): false => {
    audit.refused(topic, offset, code);
    counts.refused(topic, code);
    return false;
  };
  if (isRowTopic(topic)) {
    const decoded = accepted(topic, record, rules);
    if (!decoded.ok) return refused(decoded);
    buckets.add(decoded.event.user_id, [topic, decoded.event.user_id, offset, decoded.event] satisfies RowLine);
    counts.applied(topic);
    return true;
  }
  switch (topic) {
    case 'tip.served': {
      const decoded = accepted(topic, record, rules);
      if (!decoded.ok) return refused(decoded);
      const { user_id, tip_id, served_at_ms, category = null, decision_id = null, prompt_version = null } = decoded.event;
      buckets.add(user_id, ['served', user_id, tip_id, served_at_ms, offset, category, decision_id, prompt_version]);
      break;
    }
    case 'tip.feedback': {
      const decoded = accepted(topic, record, rules);
      if (!decoded.ok) return refused(decoded);
      const { user_id, tip_id, reacted_at_ms, action, utc_offset_min = null } = decoded.event;
      buckets.add(user_id, [action, user_id, tip_id, reacted_at_ms, offset, action === 'done' ? utc_offset_min : null]);
      break;
    }
    case 'tip.scored':
    case 'tip.scored.shadow': {
      const decoded = accepted(topic, record, rules);
      if (!decoded.ok) return refused(decoded);
      const { user_id, decision_id } = decoded.event;
      buckets.add(user_id, [topic, user_id, decision_id, offset, JSON.stringify(decoded.event)]);
      break;
    }
    case 'policy.control': {
      const decoded = accepted(topic, record, rules);
      if (!decoded.ok) return refused(decoded);
      const { event } = decoded;
      if (!controls.has(event.control_id)) controls.set(event.control_id, { offset, event });
      break;
    }
    case 'user.forgotten': {
      const decoded = accepted(topic, record, rules);
      if (!decoded.ok) return refused(decoded);
      counts.applied(topic);
      forgets.add(decoded.event);
      return false;
    }
    case 'tip.candidates': {
      const decoded = accepted(topic, record, rules);
      if (!decoded.ok) return refused(decoded);
      counts.applied(topic);
      audit.requested(decoded.event, offset);
      return false;
    }
  }
  counts.applied(topic);
  return true;
}

/** So that a user of whom the state knows is compared even when the log has nothing of them. */
export function addUser(buckets: Buckets, userId: string): void {
  buckets.add(userId, ['user', userId]);
}

type Line =
  | ['user', userId: string]
  | [
      kind: 'served',
      userId: string,
      tipId: string,
      atMs: number,
      offset: number,
      category: string | null,
      decisionId: string | null,
      promptVersion: string | null,
    ]
  | [kind: Exclude<EventKind, 'served'>, userId: string, tipId: string, atMs: number, offset: number, offsetMin: number | null]
  | RowLine
  | [topic: 'tip.scored' | 'tip.scored.shadow', userId: string, decisionId: string, offset: number, record: string];

const isRowLine = (line: Line): line is RowLine => (ROW_TOPICS as readonly string[]).includes(line[0]);
type RowLine = readonly [topic: RowTopic, userId: string, offset: number, event: EventOf<RowTopic>];

/** The users of one bucket with all their events. */
export function usersOf(buckets: Buckets, bucket: number): Map<string, ReplayedUser> {
  const users = new Map<string, ReplayedUser>();
  for (const line of buckets.read(bucket) as Generator<Line>) {
    const userId = line[1];
    let user = users.get(userId);
    if (user === undefined) users.set(userId, (user = replayedUser(userId)));
    if (line[0] === 'user') continue;
    if (isRowLine(line)) {
      const [topic, , offset, event] = line;
      user.activity.push({ topic, offset, event });
      continue;
    }
    if (line[0] === 'tip.scored' || line[0] === 'tip.scored.shadow') {
      const [topic, , decisionId, offset, record] = line;
      const decisions = topic === 'tip.scored' ? user.decisions : user.shadowDecisions;
      if (!decisions.has(decisionId)) decisions.set(decisionId, { offset, record });
      continue;
    }
    const [kind, , tipId, atMs, offset, detail, decisionId = null, promptVersion = null] = line as [
      EventKind,
      string,
      string,
      number,
      number,
      string | number | null,
      (string | null)?,
      (string | null)?,
    ];
    let events = user.tips.get(tipId);
    if (events === undefined) user.tips.set(tipId, (events = []));
    events.push({
      kind,
      atMs,
      offset,
      decisionId,
      promptVersion,
      category: kind === 'served' ? (detail as string | null) : null,
      offsetMin: kind === 'served' ? null : (detail as number | null),
    });
  }
  return users;
}
