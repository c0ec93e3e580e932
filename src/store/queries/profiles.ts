/** Profiles of a whole data directory: one user's, and all known users' in order, with the positions they hold for. */
import { TipstreamError } from '../../errors.js';
import { compareCodePoints } from '../../events/strings.js';
import { ProfileDigester } from '../../projections/digest.js';
import type { FeatureValues } from '../../projections/feature.js';
import type { Registry } from '../../projections/registry.js';
import { checkExact } from '../as-of-pruned.js';
import { stateFiles, type StateSource } from '../directory/state-files.js';
import { mergeByUser } from './merge-by-user.js';
import { PartitionReader, type ReadProfile } from './partition-reader.js';
import type { Positions } from '../positions.js';

export type { Positions };

export interface DigestDocument {
  readonly digest: string;
  readonly users: number;
  readonly as_of_ms: number;
  readonly feature_set: string;
  readonly positions: Positions;
  /** Partitions whose users are not in it, ascending: other members of the group hold them. */
  readonly partitions_missing: readonly number[];
}

const USERS_AT_ONCE = 500;

/** Opens every state file of the live generation. Throws no_data where there is none, state_mismatch, state_incomplete. */
export function openReaders(source: StateSource, registry: Registry): Map<number, PartitionReader> {
  const { files } = stateFiles(source, registry);
  const readers = new Map<number, PartitionReader>();
  try {
    for (const [partition, path] of files) readers.set(partition, new PartitionReader(path, registry));
  } catch (error) {
    for (const reader of readers.values()) reader.close();
    throw error;
  }
  return readers;
}

export function positionsOf(positions: ReadonlyMap<number, ReadonlyMap<string, number>>): Positions {
  const document: Record<string, Record<string, number>> = {};
  const topics = [...new Set([...positions.values()].flatMap((ofPartition) => [...ofPartition.keys()]))].sort(compareCodePoints);
  for (const topic of topics) {
    const byPartition: Record<string, number> = {};
    for (const [partition, offsets] of [...positions].sort(([a], [b]) => a - b)) {
      const next = offsets.get(topic);
      if (next !== undefined) byPartition[partition] = next;
    }
    document[topic] = byPartition;
  }
  return document;
}

/** The first as-of time for which all of them are exact, Unix ms; null: nothing was pruned in any. */
export function exactFromMsOf(readers: Iterable<Pick<PartitionReader, 'exactFromMs'>>): number | null {
  let latest: number | null = null;
  for (const reader of readers) {
    const fromMs = reader.exactFromMs();
    if (fromMs !== null && (latest === null || fromMs > latest)) latest = fromMs;
  }
  return latest;
}

/** Throws as_of_pruned, naming the time from which on all of them are exact. */
export function checkAsOf(readers: Iterable<Pick<PartitionReader, 'exactFromMs'>>, asOfMs: number): void {
  checkExact(asOfMs, exactFromMsOf(readers));
}

/** Runs `work` with a reader of every state file of the live generation. Throws what openReaders throws. */
export async function withReaders<T>(
  source: StateSource,
  registry: Registry,
  work: (readers: ReadonlyMap<number, PartitionReader>) => T | Promise<T>,
): Promise<T> {
  const readers = openReaders(source, registry);
  try {
    return await work(readers);
  } finally {
    for (const reader of readers.values()) reader.close();
  }
}

/** `hasRows`: sessions or signals of the user are kept. */
export function userNotFound(userId: string, asOfMs: number, hasRows = false): TipstreamError {
  return new TipstreamError('user_not_found', `user ${JSON.stringify(userId)} is not known as of ${new Date(asOfMs).toISOString()}`, {
    hint:
      'Ask for a time within 30 days after a serving or reaction of one of their tips: a user is known then.' +
      (hasRows ? ' Of this user there are sessions or signals, which make nobody known.' : ''),
    details: { user_id: userId, as_of_ms: asOfMs },
  });
}

/** The profile document of `profile` and GET /v1/profiles. Throws user_not_found for a user not known as of then, as_of_pruned. */
export function profileDocument(reader: PartitionReader, partition: number, userId: string, asOfMs: number, featureSet: string) {
  const { profile, positions } = reader.snapshot(() => ({ profile: reader.profile(userId, asOfMs), positions: reader.positions() }));
  if (profile === undefined || !profile.known)
    throw userNotFound(userId, asOfMs, profile !== undefined && [...reader.rows(userId).values()].some((rows) => rows.length > 0));
  return {
    user_id: userId,
    as_of_ms: asOfMs,
    features: profile.features,
    feature_set: featureSet,
    positions: positionsOf(new Map([[partition, positions]])),
  };
}

/** Digest over all known users. Each file is read from one snapshot, whose positions are in the answer. Throws as_of_pruned. */
export function digestDocument(readers: ReadonlyMap<number, PartitionReader>, asOfMs: number, featureSet: string): DigestDocument {
  const digester = new ProfileDigester();
  const positions = new Map<number, Map<string, number>>();
  const inSnapshots = (remaining: readonly [number, PartitionReader][]): void => {
    const [first, ...rest] = remaining;
    if (first === undefined) {
      checkAsOf(readers.values(), asOfMs);
      for (const { userId, features } of knownInOrder([...readers.values()], asOfMs)) digester.add(userId, features);
      return;
    }
    first[1].snapshot(() => {
      positions.set(first[0], first[1].positions());
      inSnapshots(rest);
    });
  };
  inSnapshots([...readers]);
  return {
    ...digester.finish(),
    as_of_ms: asOfMs,
    feature_set: featureSet,
    positions: positionsOf(positions),
    partitions_missing: missingPartitions(readers),
  };
}

/** The partitions that have no reader here, ascending. */
export function missingPartitions(readers: ReadonlyMap<number, Pick<PartitionReader, 'identity'>>): number[] {
  const partitions = [...readers.values()][0]?.identity.partitions ?? 0;
  return Array.from({ length: partitions }, (_, partition) => partition).filter((partition) => !readers.has(partition));
}

/** Known users of all files, merged in the order of their ids by code point. */
export function* knownInOrder(readers: readonly PartitionReader[], asOfMs: number): Generator<{ userId: string; features: FeatureValues }> {
  for (const user of mergeByUser(readers.map((reader) => usersOf(reader, asOfMs)))) if (user.known) yield user;
}

function* usersOf(reader: PartitionReader, asOfMs: number): Generator<ReadProfile, undefined> {
  let after = '';
  for (;;) {
    const users = reader.profilesAfter(after, USERS_AT_ONCE, asOfMs);
    if (users.length === 0) return undefined;
    yield* users;
    after = users.at(-1)!.userId;
  }
}
