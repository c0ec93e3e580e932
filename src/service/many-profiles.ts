/** Profiles of many users as of one time, from the partitions held here, with turns for other requests in between. */
import { checkAsOf } from '../store/queries/profiles.js';
import type { ReadProfile } from '../store/queries/partition-reader.js';
import type { ProfilesDocument } from './application.js';
import type { HeldPartitions } from './held-partitions.js';
import { inSlices } from './policies/in-slices.js';
import { beingOpened } from './user-routing.js';

export interface ManyProfilesOptions {
  readonly asOfMs: number;
  readonly signal: AbortSignal;
  readonly partitions: HeldPartitions;
  /** user_id -> its partition. */
  readonly partitionOf: ReadonlyMap<string, number>;
}

/** Read in one snapshot, which costs as much as some users do. */
const USERS_AT_ONCE = 20;

/** In the order of the ids. Each is read from one snapshot of its file; two may be from different ones. */
export async function profilesOf(userIds: readonly string[], options: ManyProfilesOptions): Promise<ProfilesDocument['profiles']> {
  const { asOfMs, signal, partitions, partitionOf } = options;
  // Asked for each time: a partition may go, or read from another file, between two slices.
  const readerOf = (partition: number) => {
    const reading = partitions.reading(partition);
    if (reading === undefined) throw beingOpened(partition);
    return reading.reader;
  };
  const usersOf = new Map<number, string[]>();
  for (const [userId, partition] of partitionOf) into(usersOf, partition).push(userId);
  checkAsOf(
    [...usersOf.keys()].map((partition) => readerOf(partition)),
    asOfMs,
  );
  const found = new Map<string, ReadProfile | undefined>();
  await inSlices(groupsOf(usersOf), signal, ([partition, users]) => {
    const reader = readerOf(partition);
    reader.snapshot(() => {
      for (const userId of users) found.set(userId, reader.profile(userId, asOfMs));
    });
  });
  return userIds.map((userId) => {
    const profile = found.get(userId);
    return profile?.known === true
      ? { user_id: userId, found: true, features: profile.features }
      : { user_id: userId, found: false, features: null };
  });
}

function into<T>(lists: Map<number, T[]>, key: number): T[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

function* groupsOf(usersOf: ReadonlyMap<number, readonly string[]>): Generator<[partition: number, users: readonly string[]]> {
  for (const [partition, users] of usersOf)
    for (let from = 0; from < users.length; from += USERS_AT_ONCE) yield [partition, users.slice(from, from + USERS_AT_ONCE)];
}
