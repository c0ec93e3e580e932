/**
 * Rebuilds one user's tips and profile from the log, at the positions the state file holds, and says what that changed. For a directory
 * that no service is running on: the state file has one writer. With a service, rebuild-user-job.ts does the same.
 */
import type { DecodeRules } from '../../events/decode.js';
import type { UserRebuild } from './rebuilt-profile.js';
import type { Log } from '../../log/port.js';
import type { PartitionerName } from '../../log/partitioner.js';
import type { Registry } from '../../projections/registry.js';
import { lockData } from '../../store/directory/data-lock.js';
import { generationDirectory, partitionFile } from '../../store/directory/layout.js';
import { PartitionState } from '../../store/partition-state.js';
import { PartitionReader } from '../../store/queries/partition-reader.js';
import { positionsOf } from '../../store/queries/profiles.js';
import { replaceKept } from '../../store/rebuild/rebuild-user.js';
import { fullTopicName } from '../../topics.js';
import { compareUser, nothingOf } from './compare-user.js';
import { UserReplay } from './user-replay.js';

export interface RebuildProfileDeps {
  readonly dataDirectory: string;
  readonly topicPrefix: string;
  readonly partitioner: PartitionerName;
  readonly rules: Pick<DecodeRules, 'maxValueBytes'>;
  readonly partition: number;
}

export interface RebuildProfileOptions {
  /** Say what would change, and change nothing. */
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** In offsets. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Throws data_in_use while a service runs on the directory, state_mismatch and partition_count_changed for state that was folded from
 * another log, other topics or other features, offset_out_of_range when the log no longer holds all that was folded, and the signal's
 * reason, user_not_found. Nothing is changed then.
 */
export async function rebuildProfile(
  log: Log,
  registry: Registry,
  target: RebuildProfileDeps,
  userId: string,
  nowMs: number,
  { dryRun = false, signal, onProgress }: RebuildProfileOptions = {},
): Promise<UserRebuild> {
  const { dataDirectory, topicPrefix, partitioner, partition } = target;
  const path = partitionFile(generationDirectory(dataDirectory), partition);
  const lock = lockData(dataDirectory, nowMs);
  const undo: (() => void)[] = [() => lock.release()];
  try {
    const reader = new PartitionReader(path, registry);
    undo.push(() => reader.close());
    const partitions = (await log.offsets(fullTopicName(topicPrefix, 'tip.served'))).size;
    const accepts = { partitioner, maxValueBytes: target.rules.maxValueBytes, schemaRegistry: log.withPayloads !== undefined };
    const state = new PartitionState(
      path,
      { partition, partitions, log: log.kind, topicPrefix, featureSet: registry.featureSet, accepts },
      registry,
    );
    undo.push(() => state.close());
    const replay = new UserReplay({
      log,
      userId,
      partition,
      partitions,
      topicPrefix,
      partitioner,
      maxValueBytes: target.rules.maxValueBytes,
      registry,
      signal,
      onProgress,
    });
    const positions = reader.positions();
    await replay.readTo(positions, reader.prunes());
    const kept = replay.kept();
    if (replay.events === 0 && !reader.has(userId)) throw nothingOf(userId);
    const compared = compareUser(reader, registry, userId, kept, nowMs);
    // A directory that publishes no profiles lets go of the note when it is next started.
    if (!dryRun && (replay.events > 0 || reader.has(userId))) replaceKept(state, registry, userId, kept, nowMs, true);
    return {
      user_id: userId,
      as_of_ms: nowMs,
      ...compared,
      replayed_events: replay.events,
      positions: positionsOf(new Map([[partition, positions]])),
    };
  } finally {
    for (const step of undo.reverse()) step();
  }
}
