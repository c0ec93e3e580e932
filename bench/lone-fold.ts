/** Folding one partition's records into a state file of its own, in this thread and without a service. */
import { BatchProcessor } from '../src/consumers/fold/batch-processor.js';
import type { DecodeRules } from '../src/events/decode.js';
import { partitionFunction } from '../src/log/partitioner.js';
import type { LogRecord } from '../src/log/port.js';
import { defaultRegistry } from '../src/projections/registry.js';
import { PartitionState } from '../src/store/partition-state.js';
import { CONSUMED_TOPICS, fullTopicName } from '../src/topics.js';

const MAX_VALUE_BYTES = 1_048_576;

export function rulesOf(partitions: number): DecodeRules {
  return { partitioner: partitionFunction('murmur2'), partitions, maxValueBytes: MAX_VALUE_BYTES };
}

export class LoneFold {
  readonly #state: PartitionState;
  readonly #processor: BatchProcessor;

  constructor(path: string, topicPrefix: string, partition: number, rules: DecodeRules) {
    const identity = {
      partition,
      partitions: rules.partitions,
      log: 'sqlite' as const,
      topicPrefix,
      featureSet: defaultRegistry.featureSet,
    };
    this.#state = new PartitionState(path, identity, defaultRegistry);
    this.#processor = new BatchProcessor(
      { state: this.#state, registry: defaultRegistry, topics: CONSUMED_TOPICS.map((topic) => fullTopicName(topicPrefix, topic)) },
      {
        topicPrefix,
        group: 'bench',
        rules,
        scoring: { livePolicy: 'egreedy-v1', settings: { epsilon: 0.1, salt: '0', shadow: null, shadowLearning: false } },
        publishProfiles: true,
      },
    );
  }

  /** In one transaction. */
  fold(records: readonly LogRecord[]): void {
    this.#state.transaction(Date.now(), () => {
      const nowMs = Date.now();
      for (const record of records) this.#processor.apply(record, nowMs, []);
    });
  }

  close(): void {
    this.#state.close();
  }
}
