/** How far the partitions held here have come, compared with what the log holds. */
import { TipstreamError } from '../errors.js';
import { gaveUp } from '../log/deadline.js';
import type { Log, OffsetRange } from '../log/port.js';
import { pause } from '../back-off.js';
import type { SilenceOptions } from './log-reach.js';
import type { Partition } from './partition.js';
import type { PartitionProgress } from '../evaluation/rollouts/stream-time.js';

const ASKS_AGAIN_MS = 500;

/** topic -> partition -> range */
export type LogRanges = ReadonlyMap<string, ReadonlyMap<number, OffsetRange>>;

export async function rangesOfTopics(log: Pick<Log, 'offsets'>, topics: readonly string[]): Promise<LogRanges> {
  return new Map(await Promise.all(topics.map(async (topic) => [topic, await log.offsets(topic)] as const)));
}

/** Whether the partition has yet to apply something of these. A topic without a position stands at the low end of the log. */
export function isBehind({ number, positions }: Partition, ranges: LogRanges): boolean {
  return [...ranges].some(([topic, ofTopic]) => {
    const range = ofTopic.get(number);
    return range !== undefined && (positions.get(topic) ?? range.low) < range.end;
  });
}

/** By the events that it has applied. `ranges`: what the log held when it last answered; undefined: it has not. */
export function progressOf(partition: Partition, ranges: LogRanges | undefined): PartitionProgress {
  const newest = [...partition.watch.newestEventMs.values()];
  return {
    newestMs: newest.length === 0 ? undefined : Math.max(...newest),
    isBehind: ranges === undefined || isBehind(partition, ranges),
  };
}

/** How many records of these the partition has yet to apply. */
export function recordsBehind({ number, positions }: Partition, ranges: LogRanges = new Map()): number {
  let records = 0;
  for (const [topic, ofTopic] of ranges) {
    const range = ofTopic.get(number);
    if (range !== undefined) records += Math.max(0, range.end - Math.max(range.low, positions.get(topic) ?? range.low));
  }
  return records;
}

/**
 * Resolves when every partition that still works has applied up to the ends; at once when others hold them all. `check` throws what
 * ends the wait.
 */
export async function untilReached(working: () => readonly Partition[], ranges: LogRanges, check: () => void): Promise<void> {
  while ((check(), working().some((partition) => isBehind(partition, ranges)))) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** What asks the log, asked again while that is away, for so long at most; without a limit, once. `check` throws what ends it. */
export async function askedAgain(ask: () => Promise<void>, limit: SilenceOptions | undefined, check: () => void): Promise<void> {
  let awaySinceMs: number | undefined;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      check();
      if (limit === undefined || !(error instanceof TipstreamError && error.code === 'log_unavailable')) throw error;
      awaySinceMs ??= performance.now();
      if (performance.now() - awaySinceMs >= limit.silentForMs) throw gaveUp(limit.where, limit.silentForMs, 'catch up', error);
      await pause(ASKS_AGAIN_MS);
      check();
    }
  }
}
