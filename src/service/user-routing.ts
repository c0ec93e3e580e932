/** Which of the partitions held here has a user, or who else has. */
import { TipstreamError } from '../errors.js';
import type { PartitionerName } from '../log/partitioner.js';
import { partitionOfUser } from '../store/queries/locate-user.js';
import type { HeldPartitions } from './held-partitions.js';
import type { Partition } from './partition.js';

export interface RoutingQuestion {
  readonly userId: string;
  readonly partitioner: PartitionerName;
  /** How many there are. */
  readonly partitions: number;
  readonly held: HeldPartitions;
  /** partition -> address; undefined before the group was joined. */
  readonly owners: (() => Promise<ReadonlyMap<number, string>>) | undefined;
}

/**
 * The number of the user's partition, which is held here and has begun. Throws not_ready, and not_owner with the address of who holds
 * it.
 */
export async function partitionHolding({ userId, partitioner, partitions, held, owners }: RoutingQuestion): Promise<number> {
  const partition = partitionOfUser(userId, partitioner, partitions, new Map(held.readable.map(({ number, reader }) => [number, reader])));
  const stopped = held.stopped.get(partition);
  if (stopped !== undefined)
    throw new TipstreamError('not_ready', `partition ${partition} of this user is stopped: ${stopped.message}`, {
      ...(stopped.hint === undefined ? {} : { hint: stopped.hint }),
      details: { partition },
    });
  const reading = held.reading(partition);
  if (reading?.begun) return partition;
  if (reading !== undefined || owners === undefined) throw beingOpened(partition);
  const owner = (await owners()).get(partition);
  throw new TipstreamError('not_owner', `partition ${partition} of this user is held by another member`, {
    hint: owner === undefined ? 'ask again in a moment' : `ask ${owner}`,
    details: { partition, owner: owner ?? null },
  });
}

/** Where its events are folded. Throws not_ready while that is being opened. */
export function working({ held }: HeldPartitions, partition: number): Partition {
  const found = held.get(partition);
  if (found?.begun) return found;
  throw beingOpened(partition);
}

function beingOpened(partition: number): TipstreamError {
  return new TipstreamError('not_ready', `partition ${partition} of this user is being opened`, {
    hint: 'ask again in a moment',
    details: { partition },
  });
}
