/**
 * Proves that the live state equals a replay of the log, by other means than the fold: what each state file holds in one snapshot, at
 * the positions it names, against naive computations from the events up to exactly there. Reads only; the service may run and append
 * meanwhile.
 *
 * Memory: about EVENTS_IN_MEMORY events at a time, or one user's where that is more, whatever the length of the log; the rest waits on
 * disk, in about 120 bytes an event of the partition under way.
 */
import type { DecodeRules } from '../events/decode.js';
import { partitionFunction, type PartitionerName } from '../log/partitioner.js';
import type { AcceptedSince } from '../audit/accepted-since.js';
import type { Untold } from '../audit/finding.js';
import type { Log } from '../log/port.js';
import type { Registry } from '../projections/registry.js';
import { deadLetterDirectory } from '../store/directory/layout.js';
import { presentStateFiles, type StateFiles } from '../store/directory/state-files.js';
import { checkAsOf, positionsOf, type Positions } from '../store/queries/profiles.js';
import { StateAudit } from '../store/queries/state-audit.js';
import { fullTopicName } from '../topics.js';
import { Findings, type Difference, type UnprovenUser } from './difference.js';
import { partitionRow, type PartitionRow } from './partition-row.js';
import { provableOf } from './provable.js';
import { SmallestHashes, userHash } from './user-hash.js';
import { verifyPartition } from './verify-partition.js';

const EVENTS_IN_MEMORY = 50_000;
/** How many differences, and users that cannot be proven, are listed; all are counted. */
const LISTED = 1_000;

export interface VerifyDeps {
  readonly dataDirectory: string;
  readonly topicPrefix: string;
  readonly partitioner: PartitionerName;
  readonly maxValueBytes: number;
  /** How many somebody says that the topics have; undefined: as many as the files say. */
  readonly partitions?: number | undefined;
  /** As `start` was given it; undefined: in a state whose shadow has learned from anything, it learns from all. */
  readonly shadowLearning?: boolean | undefined;
}

export interface VerificationOptions {
  readonly asOfMs: number;
  /** Only so many users: those with the smallest hashes under the seed. */
  readonly sample?: { readonly users: number; readonly seed: string };
  /** Whether a part of the partitions can be equal: those whose files are here. */
  readonly partial?: boolean;
  readonly eventsInMemory?: number;
}

export interface VerifyDocument {
  /** Of all partitions; of those that are here where the question was about a part. */
  readonly equal: boolean;
  readonly verified_users: number;
  /** Valid events replayed. */
  readonly events: number;
  readonly as_of_ms: number;
  readonly positions: Positions;
  /** Partitions without a state file here, of which nothing is proven. */
  readonly partitions_missing: readonly number[];
  /** Ascending, the missing ones too. */
  readonly partitions: readonly PartitionRow[];
  readonly feature_set: string;
  readonly difference_count: number;
  readonly differing_users: number;
  /** The first of them. */
  readonly differences: readonly Difference[];
  /** Records that were refused when they came and are events now: they explain some of the differences. */
  readonly accepted_since: readonly AcceptedSince[];
  /** Users of whom the state file remembers events that the log has lost: equal as far as the log goes, and beyond it cannot be proven. */
  readonly unproven_count: number;
  readonly unproven_users: readonly UnprovenUser[];
  /** Features that the definitions do not know, and nothing was compared of. */
  readonly unproven_features: readonly string[];
  /** What can be called neither equal nor different, because the log or a dead-letter topic has lost what would tell. */
  readonly could_not_tell: readonly Untold[];
  /** null: every user. */
  readonly sample: { readonly users: number; readonly seed: string } | null;
}

export interface VerifyProgress {
  readonly partition: number;
  /** The how-many-eth partition it is, from 1. */
  readonly index: number;
  readonly partitions: number;
  /** Offsets of the partition. */
  readonly done: number;
  readonly total: number;
}

export interface VerifyComparison {
  readonly log: Log;
  readonly registry: Registry;
  readonly target: VerifyDeps;
  readonly question: VerificationOptions;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
}

/**
 * Throws no_data and state_incomplete without a state, state_mismatch, partition_count_changed, as_of_pruned, offset_out_of_range for a
 * log that ends before the state does, log_changed for another log than the state's, and what reading either throws; the signal's reason
 * when it aborts.
 */
export async function verify(comparison: VerifyComparison): Promise<VerifyDocument> {
  const { log, registry, target, question, signal, onProgress = () => undefined } = comparison;
  const { sample } = question;
  const { files, missing } = await filesOf(log, target, registry);
  const paths = [...files.values()];
  const threshold = sample === undefined ? { hash: Infinity, share: 1 } : sampleThreshold(paths, registry, sample);
  const includes = sample === undefined ? () => true : (userId: string) => userHash(sample.seed, userId) <= threshold.hash;
  for (const path of paths) checkPartition(path, registry, question.asOfMs);
  const findings = new Findings(LISTED, target.topicPrefix);
  const positions = new Map<number, ReadonlyMap<string, number>>();
  const rows = missing.map((partition) => partitionRow(partition));
  for (const [at, [partition, path]] of [...files].entries()) {
    const state = new StateAudit(path, registry);
    const before = findings.counts();
    try {
      positions.set(partition, state.begin());
      const rules: DecodeRules = {
        partitioner: partitionFunction(target.partitioner),
        partitions: state.identity.partitions,
        maxValueBytes: target.maxValueBytes,
      };
      const verdict = await verifyPartition({
        state,
        positions: positions.get(partition)!,
        source: { log, topicPrefix: target.topicPrefix, partition, rules, includes, signal },
        asOfMs: question.asOfMs,
        registry,
        shadowLearning: target.shadowLearning,
        directory: target.dataDirectory,
        deadLetterDirectory: deadLetterDirectory(target.dataDirectory),
        eventsPerBucket: question.eventsInMemory ?? EVENTS_IN_MEMORY,
        share: threshold.share,
        everybody: sample === undefined,
        findings,
        progress: (done, total) => onProgress({ partition, index: at + 1, partitions: files.size, done, total }),
      });
      rows.push(partitionRow(partition, verdict, before, findings.counts()));
    } finally {
      state.close();
    }
    signal.throwIfAborted();
  }
  return {
    equal: findings.differenceCount === 0 && (missing.length === 0 || question.partial === true),
    verified_users: rows.reduce((sum, { verified_users: users }) => sum + users, 0),
    events: rows.reduce((sum, { events }) => sum + events, 0),
    as_of_ms: question.asOfMs,
    positions: positionsOf(positions),
    partitions_missing: missing,
    partitions: rows.sort((a, b) => a.partition - b.partition),
    feature_set: registry.featureSet,
    difference_count: findings.differenceCount,
    differing_users: findings.differingUsers,
    differences: findings.differences,
    accepted_since: findings.acceptedSince,
    unproven_count: findings.unprovenCount,
    unproven_users: findings.unproven,
    unproven_features: provableOf(registry).unproven,
    could_not_tell: findings.untold,
    sample: sample ?? null,
  };
}

async function filesOf(
  log: Log,
  { dataDirectory, topicPrefix, partitions, ...rules }: VerifyDeps,
  registry: Registry,
): Promise<StateFiles> {
  const { partitioner, maxValueBytes } = rules;
  const [served] = await log.describeTopics([fullTopicName(topicPrefix, 'tip.served')]);
  return presentStateFiles(
    {
      dataDirectory,
      log: log.kind,
      topicPrefix,
      partitions,
      topicPartitions: served?.partitions,
      accepts: { partitioner, maxValueBytes, schemaRegistry: log.withPayloads !== undefined },
    },
    registry,
  );
}

/** Before hours of work. */
function checkPartition(path: string, registry: Registry, asOfMs: number): void {
  const state = new StateAudit(path, registry);
  try {
    checkAsOf([state], asOfMs);
  } finally {
    state.close();
  }
}

/** The hash that the sample's last user has, and about what share of all users the sample is. */
function sampleThreshold(
  paths: readonly string[],
  registry: Registry,
  { users, seed }: { readonly users: number; readonly seed: string },
): { hash: number; share: number } {
  const smallest = new SmallestHashes(users);
  let all = 0;
  for (const path of paths) {
    const state = new StateAudit(path, registry);
    try {
      for (const userId of state.userIds()) {
        smallest.add(userHash(seed, userId));
        all++;
      }
    } finally {
      state.close();
    }
  }
  return { hash: smallest.threshold(), share: all === 0 ? 1 : Math.min(1, users / all) };
}
