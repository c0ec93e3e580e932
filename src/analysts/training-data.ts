/** What a policy has learned from, over the state files of a data directory. Reads only; the service may run meanwhile. */
import { shadowEventName } from '../policies/registry.js';
import type { Registry } from '../projections/registry.js';
import { stateFiles, type StateSource } from '../store/directory/state-files.js';
import { positionsOf, type Positions } from '../store/queries/profiles.js';
import { trainingCounts, type DecisionSpan, type TrainingCounts } from '../store/queries/training-counts.js';
import { fullTopicName, REWARD_TOPICS } from '../topics.js';

export type { DecisionSpan };

export interface TrainingData {
  /** Those with a state file here, ascending. */
  readonly partitions: readonly number[];
  /** How many there are altogether. */
  readonly partitionCount: number;
  /** Those without one, ascending. */
  readonly partitionsMissing: readonly number[];
  readonly positions: Positions;
  /** Decisions that the policy made. */
  readonly own: DecisionSpan;
  /** Decisions that it looked at in the shadow. */
  readonly shadow: DecisionSpan;
}

/** Throws no_data, state_mismatch, state_incomplete, state_corrupt. Each file is read from one snapshot, which its positions say. */
export function trainingData(source: StateSource, registry: Registry, policy: string): TrainingData {
  const { topicPrefix } = source;
  const { files, missing } = stateFiles(source, registry);
  const counts = new Map([...files].map(([partition, path]) => [partition, trainingCounts(path, policy, shadowEventName(policy))]));
  const topics = new Set(REWARD_TOPICS.map((name) => fullTopicName(topicPrefix, name)));
  const positions = new Map(
    [...counts].map(([partition, { positions: all }]) => [partition, new Map([...all].filter(([topic]) => topics.has(topic)))]),
  );
  const all = [...counts.values()];
  return {
    partitions: [...counts.keys()],
    partitionCount: all[0]?.partitionCount ?? 0,
    partitionsMissing: missing,
    positions: positionsOf(positions),
    own: together(all.map(({ own }) => own)),
    shadow: together(all.map(({ shadow }: TrainingCounts) => shadow)),
  };
}

/** No user is in two files. */
function together(spans: readonly DecisionSpan[]): DecisionSpan {
  const sum = (of: (span: DecisionSpan) => number): number => spans.reduce((total, span) => total + of(span), 0);
  const times = (of: (span: DecisionSpan) => number | null): number[] => spans.map(of).filter((at) => at !== null);
  const [first, last] = [times((span) => span.firstRequestedAtMs), times((span) => span.lastRequestedAtMs)];
  return {
    users: sum(({ users }) => users),
    decisions: sum(({ decisions }) => decisions),
    rewarded: sum(({ rewarded }) => rewarded),
    rewards: sum(({ rewards }) => rewards),
    firstRequestedAtMs: first.length === 0 ? null : Math.min(...first),
    lastRequestedAtMs: last.length === 0 ? null : Math.max(...last),
  };
}
