/**
 * Rebuilds one user's tips and profile from the log, at the positions the state file holds, and says what that changed. For a directory
 * that no service is running on: the state file has one writer.
 */
import { decodeRecord, type DecodeRules } from '../events/decode.js';
import { TipstreamError } from '../errors.js';
import type { Log } from '../log/port.js';
import { partitionFunction, type PartitionerName } from '../log/partitioner.js';
import type { FeatureValues } from '../projections/feature.js';
import type { Registry } from '../projections/registry.js';
import { NO_TIP, foldFeedback, foldServed, type TipState } from '../projections/tip.js';
import { lockData } from '../store/data-lock.js';
import { generationDirectory, partitionFile } from '../store/layout.js';
import { PartitionState } from '../store/partition-state.js';
import { PartitionReader, type ReadProfile } from '../store/reader.js';
import { replaceTips } from '../store/rebuild-user.js';
import { fullTopicName, type TopicName } from '../topics.js';

export interface RebuildTarget {
  readonly dataDirectory: string;
  readonly topicPrefix: string;
  readonly partitioner: PartitionerName;
  readonly rules: Pick<DecodeRules, 'maxValueBytes'>;
  readonly partition: number;
}

export interface RebuiltProfile {
  readonly user_id: string;
  readonly as_of_ms: number;
  /** What was answered as of now; null: the user was not known. */
  readonly before: FeatureValues | null;
  readonly after: FeatureValues | null;
  /** Names of features that were wrong: in the answer as of now, or in the tips that it is kept up to date from. */
  readonly changed: readonly string[];
  readonly replayed_events: number;
}

const REPLAYED = ['tip.served', 'tip.feedback'] as const satisfies readonly TopicName[];

/**
 * Throws data_in_use while a service runs on the directory, state_mismatch and partition_count_changed for state that was folded from another log, other
 * topics or other features, and offset_out_of_range when the log no longer holds all that was folded. Nothing is changed then.
 */
export async function rebuildProfile(log: Log, registry: Registry, target: RebuildTarget, userId: string, nowMs: number): Promise<RebuiltProfile> {
  const { dataDirectory, topicPrefix, partition } = target;
  const path = partitionFile(generationDirectory(dataDirectory), partition);
  const lock = lockData(dataDirectory, nowMs);
  const undo: (() => void)[] = [() => lock.release()];
  try {
    const reader = new PartitionReader(path, registry);
    undo.push(() => reader.close());
    const partitions = (await log.offsets(fullTopicName(topicPrefix, REPLAYED[0]))).size;
    const state = new PartitionState(path, { partition, partitions, log: log.kind, topicPrefix, featureSet: registry.featureSet }, registry);
    undo.push(() => state.close());
    const readFeatures = () => knownFeatures(reader.profile(userId, nowMs));
    const before = readFeatures();
    const beforeFromTips = knownFeatures(reader.profileFromTips(userId, nowMs));
    const { tips, events } = await replay(log, { ...target, partitions }, userId, reader.positions());
    if (tips.size > 0 || before !== null || beforeFromTips !== null) replaceTips(state, registry, userId, tips, nowMs);
    const after = readFeatures();
    const changed = registry.names.filter((name) => [before, beforeFromTips].some((features) => !Object.is(features?.[name] ?? null, after?.[name] ?? null)));
    return { user_id: userId, as_of_ms: nowMs, before, after, changed, replayed_events: events };
  } finally {
    for (const step of undo.reverse()) step();
  }
}

function knownFeatures(profile: ReadProfile | undefined): FeatureValues | null {
  return profile?.known ? profile.features : null;
}

async function replay(log: Log, target: RebuildTarget & { readonly partitions: number }, userId: string, positions: ReadonlyMap<string, number>) {
  const { partition, partitions, topicPrefix } = target;
  const rules: DecodeRules = { ...target.rules, partitions, partitioner: partitionFunction(target.partitioner) };
  const key = Buffer.from(userId);
  const tips = new Map<string, TipState>();
  let events = 0;
  for (const name of REPLAYED) {
    const topic = fullTopicName(topicPrefix, name);
    const to = positions.get(topic) ?? 0;
    const { low, end } = (await log.offsets(topic)).get(partition) ?? { low: 0, end: 0 };
    if (low > 0) {
      throw new TipstreamError('offset_out_of_range', `${topic} partition ${partition} begins at offset ${low}: earlier events of the user may be gone`, {
        hint: 'a rebuild from what is left could lose what the state still knows, so nothing was changed', details: { topic, partition, low },
      });
    }
    if (end < to) {
      throw new TipstreamError('offset_out_of_range', `${topic} partition ${partition} ends at offset ${end}, but the state holds events up to ${to}: this is not the log it was folded from`, {
        hint: 'use the log that belongs to this data directory; nothing was changed', details: { topic, partition, end, position: to },
      });
    }
    for await (const records of log.read({ topic, partition, from: low, to })) {
      for (const record of records) {
        if (!record.key?.equals(key)) continue;
        const tip = (tipId: string) => tips.get(tipId) ?? NO_TIP;
        if (name === 'tip.served') {
          const decoded = decodeRecord(name, record, rules);
          if (!decoded.ok) continue;
          tips.set(decoded.event.tip_id, foldServed(tip(decoded.event.tip_id), decoded.event));
        } else {
          const decoded = decodeRecord(name, record, rules);
          if (!decoded.ok) continue;
          tips.set(decoded.event.tip_id, foldFeedback(tip(decoded.event.tip_id), decoded.event));
        }
        events++;
      }
    }
  }
  return { tips, events };
}
