/** How far the events of some partitions have come, by their own times: what the looks at a rollout go by. Pure. */
export interface PartitionProgress {
  /** When the newest event that it has applied happened, Unix ms; undefined: none says. */
  readonly newestMs: number | undefined;
  /** Whether the log holds something that it has not applied. */
  readonly isBehind: boolean;
}

/**
 * No event before this time is still to be applied, unless it comes late; undefined: that cannot be told. A partition that has applied
 * all there is holds nobody up, however quiet it is.
 */
export function streamTimeOf(partitions: readonly PartitionProgress[]): number | undefined {
  const newest = partitions.flatMap(({ newestMs }) => newestMs ?? []);
  const behind = partitions.filter(({ isBehind }) => isBehind).map(({ newestMs }) => newestMs);
  if (newest.length === 0 || behind.includes(undefined)) return undefined;
  return Math.min(Math.max(...newest), ...behind.map((ms) => ms!));
}
