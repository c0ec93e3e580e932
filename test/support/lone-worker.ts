/** A worker of partition 0 of 1 on a state file of its own, without a service: a test delivers to it and looks at what it commits. */
import { CORE_ALONE } from '../../src/events/feature-choice.js';
import { inlineWorkers } from '../../src/consumers/worker/inline-worker.js';
import type { Committed, StartWorker, Worker } from '../../src/consumers/worker/worker-contract.js';
import { runOf } from '../../src/log/record-run.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { PartitionState } from '../../src/store/partition-state.js';
import type { StateIdentity } from '../../src/store/state-file.js';
import { CORE_TOPICS, type ConsumedTopic } from '../../src/topics.js';

const identity: StateIdentity = { partition: 0, partitions: 1, log: 'sqlite', topicPrefix: '', featureSet: coreRegistry.featureSet };

export interface LoneWorkerOptions {
  readonly path: string;
  /** What the log holds when the partition is assigned. */
  readonly ends: Partial<Record<ConsumedTopic, number>>;
  /** Unix ms. */
  readonly nowMs: number;
  readonly publishProfiles?: boolean;
  readonly shadow?: string | null;
  readonly maxBatchRecords?: number;
  /** Of workers in one thread; absent: it has a thread for itself. */
  readonly start?: StartWorker;
  readonly committed: (committed: Committed) => void;
}

export function makeStateFile(path: string): void {
  new PartitionState(path, identity, coreRegistry).close();
}

/** One in which the time stands still. */
export function threadAt(nowMs: number): StartWorker {
  return inlineWorkers({ registry: coreRegistry, clock: () => nowMs });
}

export function loneWorker(options: LoneWorkerOptions): Worker {
  const { path, ends, nowMs, publishProfiles = true, shadow = null, maxBatchRecords = 1_000, committed } = options;
  const { start = threadAt(nowMs) } = options;
  return start(
    {
      path,
      identity,
      topics: [...CORE_TOPICS],
      ranges: new Map(CORE_TOPICS.map((topic) => [topic, { low: 0, end: ends[topic] ?? 0 }])),
      options: {
        group: 'g',
        topicPrefix: '',
        features: CORE_ALONE,
        partitioner: 'murmur2',
        maxValueBytes: 1_048_576,
        maxBatchRecords,
        maxTaskIdleMs: 0,
        publishProfiles,
        scoring: { livePolicy: 'egreedy-v1', settings: { epsilon: 0.1, salt: '0', shadow, shadowLearning: false } },
      },
    },
    {
      committed,
      running: () => undefined,
      stopped: (error) => {
        throw error;
      },
      rejected: () => undefined,
      pruned: () => undefined,
      shadowFailed: () => undefined,
    },
  );
}

/** Records of user ana, from that offset on, to a worker. */
export function deliverValues(worker: Worker, topic: ConsumedTopic, from: number, timestampMs: number, values: readonly string[]): void {
  const records = values.map((value, index) => ({
    ...{ topic, partition: 0, offset: from + index, timestampMs },
    ...{ key: Buffer.from('ana'), value: Buffer.from(value), headers: [] },
  }));
  const next = from + values.length;
  worker.deliver({ topic, partition: 0, fromOffset: from, nextOffset: next, endOffset: next, records: runOf(records) });
}

/** A request of user ana to score two tips. */
export function candidatesOfAna(decisionId: string, requestedAtMs: number): string {
  return JSON.stringify({
    decision_id: decisionId,
    user_id: 'ana',
    requested_at_ms: requestedAtMs,
    candidates: ['a', 'b'].map((id) => ({ tip_id: id, is_overdue: false, task_age_days: 1, priority: 1 })),
  });
}

export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
