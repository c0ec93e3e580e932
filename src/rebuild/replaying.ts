/** The replay of one partition into its new file, in as many steps as its caller takes, with the prunes that the live file went through. */
import { repeatPrune } from '../consumers/fold/prune.js';
import { replayPartition } from '../consumers/fold/replay-partition.js';
import { partitionFunction } from '../log/partitioner.js';
import type { OffsetRange } from '../log/port.js';
import { DEFAULT_POLICY } from '../policies/registry.js';
import type { PartitionState } from '../store/partition-state.js';
import type { RecordedPrune } from '../store/tables/prunes.js';
import type { LivePosition } from './live-side.js';
import type { PartitionDeps } from './partition-deps.js';
import type { PartitionJob, PartitionProgress } from './partition-job.js';

export interface ReplayingOptions {
  readonly job: PartitionJob;
  readonly shadowLearning: boolean;
  readonly deps: PartitionDeps;
  readonly state: PartitionState;
  readonly repeatPrunes: boolean;
  /** topic -> what the log holds */
  readonly ranges: ReadonlyMap<string, OffsetRange>;
  readonly phase: PartitionProgress['phase'];
}

export class Replaying {
  readonly #options: ReplayingOptions;
  /** Folded. */
  records = 0;
  /** Offsets passed. */
  passed = 0;

  constructor(options: ReplayingOptions) {
    this.#options = options;
  }

  async upTo(to: ReadonlyMap<string, number>, live: LivePosition | undefined): Promise<void> {
    const known = new Set(this.#options.state.prunes.all().map(({ seq }) => seq));
    const missing = this.#options.repeatPrunes ? (live?.prunes ?? []).filter(({ seq }) => !known.has(seq)) : [];
    await this.#fold(to, missing, false, live?.deadLetteredTo);
  }

  /** Past the live positions: what is rejected there needs its dead letters, and changed profiles need publishing. */
  beyond(to: ReadonlyMap<string, number>): Promise<void> {
    return this.#fold(to, [], true, undefined);
  }

  async #fold(
    to: ReadonlyMap<string, number>,
    prunes: readonly RecordedPrune[],
    noteChanges: boolean,
    deadLetteredTo: ReadonlyMap<string, number> | undefined,
  ): Promise<void> {
    const { identity, topics, group, partitioner, maxValueBytes, settings, batchRecords } = this.#options.job;
    const { log, registry, clock, signal, onProgress, at } = this.#options.deps;
    const { partition, partitions, topicPrefix } = identity;
    const { shadowLearning } = this.#options;
    const report = (): void => onProgress({ partition, phase: this.#options.phase, ...this.#standing(to), folded: this.passed });
    report();
    this.records += await replayPartition({
      log,
      state: this.#options.state,
      registry,
      partition,
      topics,
      topicPrefix,
      group,
      clock,
      signal,
      at,
      to,
      noteChanges,
      rules: { partitioner: partitionFunction(partitioner), partitions, maxValueBytes },
      scoring: { livePolicy: DEFAULT_POLICY, settings: { ...settings, shadowLearning } },
      prunes: prunes.map((prune) => ({ positions: prune.positions, repeat: (state) => void repeatPrune(state, registry, prune) })),
      ...(batchRecords === undefined ? {} : { batchRecords }),
      ...(deadLetteredTo === undefined ? {} : { deadLetteredTo }),
      onProgress: (offsets) => {
        this.passed += offsets;
        report();
      },
    });
  }

  #standing(to: ReadonlyMap<string, number>): { done: number; total: number } {
    const positions = this.#options.state.positions.all();
    let [done, total] = [0, 0];
    for (const [topic, end] of to) {
      const low = Math.min(this.#options.ranges.get(topic)?.low ?? 0, end);
      total += end - low;
      done += Math.min(end, Math.max(low, positions.get(topic) ?? low)) - low;
    }
    return { done, total };
  }
}
