/** Which of the partitions held here has a user, or who else has. */
import { TipstreamError } from '../errors.js';
import type { PartitionerName } from '../log/partitioner.js';
import { partitionOfUser } from '../store/queries/locate-user.js';
import type { HeldPartitions } from './held-partitions.js';
import type { Partition } from './partition.js';

export interface RoutingOptions {
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
export async function partitionHolding(userId: string, options: RoutingOptions): Promise<number> {
  const partition = locator(options)(userId);
  if (isRead(partition, options)) return partition;
  const owner = await ownerOf(partition, options);
  throw new TipstreamError('not_owner', `partition ${partition} of this user is held by another member`, {
    hint: owner === null ? 'Ask again in a moment.' : `Ask ${owner}.`,
    details: { partition, owner },
  });
}

/** As `partitionHolding`, of many: not_owner names all that are elsewhere, by partition, with the address of who holds it. */
export async function partitionsHolding(userIds: readonly string[], options: RoutingOptions): Promise<ReadonlyMap<string, number>> {
  const partitionOf = locator(options);
  const found = new Map<string, number>();
  const elsewhere = new Map<number, string[]>();
  for (const userId of new Set(userIds)) {
    const partition = partitionOf(userId);
    if (isRead(partition, options)) found.set(userId, partition);
    else elsewhere.set(partition, [...(elsewhere.get(partition) ?? []), userId]);
  }
  if (elsewhere.size === 0) return found;
  const owners = await options.owners?.();
  const named = [...elsewhere]
    .sort(([a], [b]) => a - b)
    .map(([partition, user_ids]) => ({ partition, owner: owners?.get(partition) ?? null, user_ids }));
  const numbers = named.map(({ partition }) => partition).join(', ');
  throw new TipstreamError('not_owner', `other members hold ${named.length === 1 ? 'partition' : 'partitions'} ${numbers} of these users`, {
    hint: 'Ask each owner in details.elsewhere for the users named with it. Ask again in a moment where the owner is null.',
    details: { elsewhere: named },
  });
}

function locator({ partitioner, partitions, held }: RoutingOptions): (userId: string) => number {
  const readers = new Map(held.readable.map(({ number, reader }) => [number, reader]));
  return (userId) => partitionOfUser(userId, partitioner, partitions, readers);
}

/** Whether it can be read here; false: another member has it. Throws not_ready while neither is known to be so. */
function isRead(partition: number, { held, owners }: RoutingOptions): boolean {
  const life = held.life(partition);
  if (life?.state === 'stopped')
    throw new TipstreamError('not_ready', `partition ${partition} of this user is stopped: ${life.error.message}`, {
      ...(life.error.hint === undefined ? {} : { hint: life.error.hint }),
      details: { partition },
    });
  const reading = held.reading(partition)?.life.state;
  // The one before, if it is that one, is read from whatever has become of its worker.
  if (reading === 'restoring' || reading === 'running' || reading === 'stopped') return true;
  if (reading !== undefined || owners === undefined) throw beingOpened(partition);
  return false;
}

async function ownerOf(partition: number, options: RoutingOptions): Promise<string | null> {
  return (await options.owners?.())?.get(partition) ?? null;
}

/** Where its events are folded, or were when it stopped. Throws not_ready while that is being opened. */
export function working(partitions: HeldPartitions, number: number): Partition {
  const partition = partitions.get(number);
  const state = partition?.life.state;
  if (partition === undefined || state === 'opening' || state === 'checking') throw beingOpened(number);
  return partition;
}

export function beingOpened(partition: number): TipstreamError {
  return new TipstreamError('not_ready', `partition ${partition} of this user is being opened`, {
    hint: 'Ask again in a moment.',
    details: { partition },
  });
}
