/**
 * How far each partition of each consumed topic is applied, against what the log holds. Works from state files alone, so any process
 * can ask.
 */
import type { Log } from './port.js';

/** What is asked of the log. */
export type LagLog = Pick<Log, 'offsets' | 'committed' | 'read'>;

export interface LagOptions {
  readonly group: string;
  /** Full names. */
  readonly topics: readonly string[];
  /** partition -> topic -> next offset applied; a partition without an entry is not held here. */
  readonly applied: ReadonlyMap<number, ReadonlyMap<string, number>>;
  /** Partitions that stopped, with why. */
  readonly stopped: ReadonlyMap<number, string>;
  /** Partitions of which nothing has come for a while, with why. */
  readonly silent?: ReadonlyMap<number, string> | undefined;
  readonly nowMs: number;
}

/** A row for each topic and partition, in that order. Throws topic_not_found and log_unavailable. */
export async function lagRows(log: LagLog, question: LagOptions): Promise<LagRow[]> {
  const perTopic = await Promise.all(
    question.topics.map(async (topic) => {
      const [ranges, committed] = await Promise.all([log.offsets(topic), log.committed(question.group, topic)]);
      const partitions = [...ranges].sort(([a], [b]) => a - b);
      return Promise.all(
        partitions.map(([partition, range]) => lagRow(log, question, topic, partition, range, committed.get(partition) ?? null)),
      );
    }),
  );
  return perTopic.flat();
}

async function lagRow(
  log: LagLog,
  question: LagOptions,
  topic: string,
  partition: number,
  range: { low: number; end: number },
  committed: number | null,
): Promise<LagRow> {
  const held = question.applied.get(partition);
  const applied = held === undefined ? null : (held.get(topic) ?? range.low);
  const next = Math.max(applied ?? committed ?? range.low, range.low);
  const records = Math.max(0, range.end - next);
  const seconds = records === 0 ? 0 : await ageSeconds(log, topic, partition, next, range.end, question.nowMs);
  return {
    group: question.group,
    topic,
    partition,
    applied_offset: applied,
    committed_offset: committed,
    log_end_offset: range.end,
    lag_records: records,
    lag_seconds: seconds,
    ...status(question, partition, held !== undefined, records),
  };
}

function status(question: LagOptions, partition: number, held: boolean, lag: number): Pick<LagRow, 'status' | 'reason'> {
  const stopped = question.stopped.get(partition);
  if (stopped !== undefined) return { status: 'stopped', reason: stopped };
  if (!held) return { status: 'unassigned', reason: 'no state file for this partition in this data directory' };
  if (lag === 0) return { status: 'ok', reason: 'everything in the log is applied' };
  const silence = question.silent?.get(partition);
  return { status: 'behind', reason: `${lag} records are not applied yet${silence === undefined ? '' : `: ${silence}`}` };
}

/** Age of the first record at or after `next`; 0 when only markers are left. */
async function ageSeconds(log: LagLog, topic: string, partition: number, next: number, end: number, nowMs: number): Promise<number> {
  for await (const records of log.read({ topic, partition, from: next, to: end })) {
    const first = records[0];
    if (first !== undefined) return Math.max(0, Math.round(nowMs - first.timestampMs) / 1000);
  }
  return 0;
}

export interface LagRow {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** The next offset that the state file holds; null where nothing has been applied. */
  readonly applied_offset: number | null;
  /** What the group committed to the log, for its own tools; null when it never did. */
  readonly committed_offset: number | null;
  readonly log_end_offset: number;
  readonly lag_records: number;
  /** Age of the first record not yet applied; 0 when there is none. */
  readonly lag_seconds: number;
  readonly status: 'ok' | 'behind' | 'stopped' | 'unassigned';
  readonly reason: string;
}
