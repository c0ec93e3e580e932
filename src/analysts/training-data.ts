/** What a policy has learned from, over the state files of a data directory. Reads only; the service may run meanwhile. */
import { shadowEventName } from '../policies/registry.js';
import type { Registry } from '../projections/registry.js';
import { stateFiles, type StateSource } from '../store/directory/state-files.js';
import { trainingCounts, type TrainingCounts } from '../store/queries/training-counts.js';
import { trainingDataOf, type TrainingData } from '../store/queries/training-data.js';

/** Of whatever files are there; on Kafka some may be elsewhere. */
export interface TrainingHere extends TrainingData {
  /** Those without a file, ascending. */
  readonly partitionsMissing: readonly number[];
}

/** Throws no_data, state_mismatch, state_incomplete, state_corrupt. Each file is read from one snapshot, which its positions say. */
export function trainingData(source: StateSource, registry: Registry, policy: string): TrainingHere {
  const { files, missing } = stateFiles(source, registry);
  const counts = [...files.values()].map(counted);
  const shadowName = shadowEventName(policy);
  return { ...trainingDataOf(counts, source.topicPrefix, { policy, shadowName }), partitionsMissing: missing };
}

function counted(path: string): TrainingCounts {
  const counting = trainingCounts(path);
  for (;;) {
    const { done, value } = counting.next();
    if (done === true) return value;
  }
}
