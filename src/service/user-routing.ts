/** Which of the partitions held here has a user, or who else has. */
import { TipstreamError } from '../errors.js';
import type { PartitionerName } from '../log/partitioner.js';
import { partitionOfUser } from '../store/queries/locate-user.js';
import type { HeldPartitions } from './held-partitions.js';
import type { Partition } from './partition.js';

export interface RoutingOptions {
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
export async function partitionHolding({ userId, partitioner, partitions, held, owners }: RoutingOptions): Promise<number> {
  const partition = partitionOfUser(userId, partitioner, partitions, new Map(held.readable.map(({ number, reader }) => [number, reader])));
  const life = held.life(partition);
  if (life?.state === 'stopped')
    throw new TipstreamError('not_ready', `partition ${partition} of this user is stopped: ${life.error.message}`, {
      ...(life.error.hint === undefined ? {} : { hint: life.error.hint }),
      details: { partition },
    });
  const reading = held.reading(partition)?.life.state;
  // The one before, if it is that one, is read from whatever has become of its worker.
  if (reading === 'restoring' || reading === 'running' || reading === 'stopped') return partition;
  if (reading !== undefined || owners === undefined) throw beingOpened(partition);
  const owner = (await owners()).get(partition);
  throw new TipstreamError('not_owner', `partition ${partition} of this user is held by another member`, {
    hint: owner === undefined ? 'Ask again in a moment.' : `Ask ${owner}.`,
    details: { partition, owner: owner ?? null },
  });
}

/** Where its events are folded, or were when it stopped. Throws not_ready while that is being opened. */
export function working(partitions: HeldPartitions, number: number): Partition {
  const partition = partitions.get(number);
  const state = partition?.life.state;
  if (partition === undefined || state === 'opening' || state === 'checking') throw beingOpened(number);
  return partition;
}

function beingOpened(partition: number): TipstreamError {
  return new TipstreamError('not_ready', `partition ${partition} of this user is being opened`, {
    hint: 'Ask again in a moment.',
    details: { partition },
  });
}
