/**
 * The audit trail, read back: the newest entries first. The topic is read from its end backwards, a slice at a time, until there are
 * enough, so that the newest of many years cost one read.
 */
import { auditSchema, type AuditEvent } from '../events/audit-event.js';
import { userDigest } from '../events/user-digest.js';
import type { Log, LogRecord } from '../log/port.js';
import { AUDIT_TOPIC, fullTopicName } from '../topics.js';

export interface TrailQuery {
  /** Unix ms; entries with at_ms from here on. */
  readonly sinceMs?: number | undefined;
  /** Unix ms; entries with at_ms before it. */
  readonly untilMs?: number | undefined;
  /** At most so many. */
  readonly last: number;
  /** The name of an actor, or its kind. */
  readonly actor?: string | undefined;
  /** Of AUDIT_ACTIONS, or what one begins with up to a dot: `policy`. */
  readonly action?: string | undefined;
  /** digest -> Unix ms: entries about these users, and not after that, are passed over. */
  readonly forgotten?: ReadonlyMap<string, number> | undefined;
}

export interface TrailEntry extends AuditEvent {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** As `tipstream audit --json` prints it, and GET /v1/audit answers. */
export interface AuditDocument {
  /** Newest first. */
  readonly entries: readonly TrailEntry[];
  /** Whether older entries were left out, because there are enough or time was up. */
  readonly more: boolean;
  /** false: time was up before the topic was read as far back as was asked. */
  readonly complete: boolean;
  /** Records that were read and are no entry: somebody else wrote them. */
  readonly unreadable: number;
}

const SLICE = 1_000;
/** Entries of several processes lie in the order in which the log took them, and their clocks differ. */
const CLOCKS_DIFFER_MS = 3_600_000;

/** Throws topic_not_found, and what the log throws. When `signal` aborts, what was read until then is answered. */
export async function readTrail(
  log: Pick<Log, 'offsets' | 'read'>,
  prefix: string,
  query: TrailQuery,
  signal?: AbortSignal,
): Promise<AuditDocument> {
  const topic = fullTopicName(prefix, AUDIT_TOPIC);
  const found: TrailEntry[] = [];
  let [complete, left, unreadable] = [true, false, 0];
  for (const [partition, { low, end }] of await log.offsets(topic)) {
    let ofPartition = 0;
    let to = end;
    while (to > low && ofPartition <= query.last) {
      const from = Math.max(low, to - SLICE);
      const records = await readSlice(log, { topic, partition, from, to }, signal);
      if (signal?.aborted === true) {
        complete = false;
        break;
      }
      for (const record of records) {
        const entry = entryOf(record);
        if (entry === undefined) unreadable++;
        else if (isWanted(entry, query)) {
          found.push(entry);
          ofPartition++;
        }
      }
      to = from;
      if (records.length > 0 && isBefore(records, query)) break;
    }
    left ||= ofPartition > query.last;
  }
  found.sort((a, b) => b.at_ms - a.at_ms || a.partition - b.partition || b.offset - a.offset);
  const entries = found.slice(0, query.last);
  return { entries, more: left || found.length > entries.length || !complete, complete, unreadable };
}

async function readSlice(
  log: Pick<Log, 'read'>,
  range: { readonly topic: string; readonly partition: number; readonly from: number; readonly to: number },
  signal: AbortSignal | undefined,
): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const some of log.read({ ...range, raw: true, ...(signal === undefined ? {} : { signal }) })) records.push(...some);
  return records;
}

/** undefined: it is none. Anybody who reaches the log can write anything to a topic. */
function entryOf({ topic, partition, offset, value }: LogRecord): TrailEntry | undefined {
  if (value === null) return undefined;
  try {
    const parsed = auditSchema.safeParse(JSON.parse(value.toString('utf8')));
    return parsed.success ? { ...parsed.data, topic, partition, offset } : undefined;
  } catch {
    return undefined;
  }
}

function isWanted(entry: TrailEntry, { sinceMs, untilMs, actor: who, action: what, forgotten }: TrailQuery): boolean {
  const { at_ms: atMs, actor, action, target } = entry;
  if (forgotten !== undefined && target?.kind === 'user' && atMs <= (forgotten.get(userDigest(target.id)) ?? -1)) return false;
  if (sinceMs !== undefined && atMs < sinceMs) return false;
  if (untilMs !== undefined && atMs >= untilMs) return false;
  if (who !== undefined && actor.name !== who && actor.kind !== who) return false;
  return what === undefined || action === what || action.startsWith(`${what}.`);
}

/** Whether everything further back was appended too early to be wanted: an entry is appended after its at_ms. */
function isBefore(records: readonly LogRecord[], { sinceMs }: TrailQuery): boolean {
  return sinceMs !== undefined && records.every(({ timestampMs }) => timestampMs < sinceMs - CLOCKS_DIFFER_MS);
}
