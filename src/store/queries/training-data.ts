/** What one policy has learned from, over several state files. */
import { fullTopicName, REWARD_TOPICS } from '../../topics.js';
import { positionsOf, type Positions } from './profiles.js';
import { NO_DECISIONS, SALTS_KEPT, type DecisionSpan, type TrainingCounts } from './training-counts.js';

export interface TrainingData {
  /** Those that were counted, ascending. */
  readonly partitions: readonly number[];
  /** How many there are altogether. */
  readonly partitionCount: number;
  readonly positions: Positions;
  /** Decisions that the policy made. */
  readonly own: DecisionSpan;
  /** Decisions that it looked at in the shadow. */
  readonly shadow: DecisionSpan;
}

export interface TrainedPolicy {
  readonly policy: string;
  /** How events of the shadow name it. */
  readonly shadowName: string;
}

export function trainingDataOf(
  counts: readonly TrainingCounts[],
  topicPrefix: string,
  { policy, shadowName }: TrainedPolicy,
): TrainingData {
  const topics = new Set(REWARD_TOPICS.map((name) => fullTopicName(topicPrefix, name)));
  const ascending = counts.toSorted((a, b) => a.partition - b.partition);
  const positions = new Map(
    ascending.map(({ partition, positions: all }) => [partition, new Map([...all].filter(([topic]) => topics.has(topic)))]),
  );
  return {
    partitions: ascending.map(({ partition }) => partition),
    partitionCount: ascending[0]?.partitionCount ?? 0,
    positions: positionsOf(positions),
    own: together(ascending.map(({ own }) => own.get(policy) ?? NO_DECISIONS)),
    shadow: together(ascending.map(({ shadow }) => shadow.get(shadowName) ?? NO_DECISIONS)),
  };
}

/** No user is in two files. */
function together(spans: readonly DecisionSpan[]): DecisionSpan {
  const sum = (of: (span: DecisionSpan) => number): number => spans.reduce((total, span) => total + of(span), 0);
  const known = (of: (span: DecisionSpan) => number | null | undefined): number[] => spans.map(of).filter((value) => value != null);
  const [first, last] = [known((span) => span.firstRequestedAtMs), known((span) => span.lastRequestedAtMs)];
  const [low, high] = [known(({ epsilon }) => epsilon?.low), known(({ epsilon }) => epsilon?.high)];
  const salts = [...new Set(spans.flatMap((span) => span.salts))];
  return {
    users: sum(({ users }) => users),
    decisions: sum(({ decisions }) => decisions),
    rewarded: sum(({ rewarded }) => rewarded),
    rewards: sum(({ rewards }) => rewards),
    firstRequestedAtMs: first.length === 0 ? null : Math.min(...first),
    lastRequestedAtMs: last.length === 0 ? null : Math.max(...last),
    epsilon: low.length === 0 ? null : { low: Math.min(...low), high: Math.max(...high) },
    salts: salts.slice(0, SALTS_KEPT),
    hasMoreSalts: salts.length > SALTS_KEPT || spans.some((span) => span.hasMoreSalts),
  };
}
