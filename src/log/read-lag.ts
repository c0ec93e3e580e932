/**
 * Looks at the log for what lag.ts judges. Works from state files alone, so any process can ask.
 */
import { lagRow, type LagFacts, type LagRow, type OffsetsSeen } from './lag.js';
import type { LagHistory } from './lag-history.js';
import type { Log, ReadRange } from './port.js';

/** What is asked of the log. */
export type LagLog = Pick<Log, 'offsets' | 'highWatermarks' | 'heldSince' | 'committed' | 'read'>;

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
  /** Whether a process works on the partitions. */
  readonly running: boolean;
  /** Other members may have taken partitions that have an entry. */
  readonly isShared?: boolean | undefined;
  readonly nowMs: number;
  /** Of earlier looks, which this one is added to. */
  readonly history?: LagHistory | undefined;
}

/** A row for each topic and partition, in that order. Throws topic_not_found and log_unavailable. */
export async function lagRows(log: LagLog, options: LagOptions): Promise<LagRow[]> {
  // Positions move on while the log is asked, and must not come to lie beyond what it answers.
  const applied = new Map([...options.applied].map(([partition, positions]) => [partition, new Map(positions)]));
  const perTopic = await Promise.all(options.topics.map((topic) => rowsOf(log, { ...options, applied }, topic)));
  return perTopic.flat();
}

async function rowsOf(log: LagLog, options: LagOptions, topic: string): Promise<LagRow[]> {
  // The high watermark first: a transaction is open when readers stop before what was there already.
  const highWatermarks = await log.highWatermarks(topic);
  const [ranges, committed] = await Promise.all([log.offsets(topic), log.committed(options.group, topic)]);
  const partitions = [...ranges].sort(([a], [b]) => a - b);
  return Promise.all(
    partitions.map(async ([partition, { low, end }]) => {
      const held = options.applied.get(partition);
      const now: OffsetsSeen = {
        atMs: options.nowMs,
        applied: held === undefined ? null : (held.get(topic) ?? low),
        committed: committed.get(partition) ?? null,
        low,
        lastStable: end,
        highWatermark: Math.max(end, highWatermarks.get(partition) ?? end),
      };
      return lagRow({
        nowMs: options.nowMs,
        group: options.group,
        topic,
        partition,
        seen: options.history?.add(topic, partition, now) ?? [now],
        ...(await oldestOf(log, topic, partition, now)),
        stopped: options.stopped.get(partition),
        silent: options.silent?.get(partition),
        running: options.running,
        isShared: options.isShared,
      });
    }),
  );
}

/**
 * When the first record that is not applied was written, and whether readers can have none but markers. A record that cannot be read makes
 * nothing but its age unknown.
 */
export async function oldestOf(
  log: LagLog,
  topic: string,
  partition: number,
  now: OffsetsSeen,
): Promise<Pick<LagFacts, 'oldestMs' | 'onlyMarkers'>> {
  const from = Math.max(now.applied ?? now.committed ?? now.low, now.low);
  try {
    const first = from < now.lastStable ? await firstTimestamp(log, { topic, partition, from, to: now.lastStable, raw: true }) : undefined;
    if (first !== undefined) return { oldestMs: first };
    const onlyMarkers = from < now.lastStable;
    if (now.lastStable === now.highWatermark) return { oldestMs: null, onlyMarkers };
    return { oldestMs: await log.heldSince(topic, partition, now.lastStable), onlyMarkers };
  } catch {
    return { oldestMs: null };
  }
}

async function firstTimestamp(log: LagLog, range: ReadRange): Promise<number | undefined> {
  for await (const records of log.read(range)) if (records[0] !== undefined) return records[0].timestampMs;
  return undefined;
}
