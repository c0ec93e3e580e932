/**
 * One partition's file in the generation to switch to: brought up to where the live one stands, by the same fold, with what the live
 * one has pending.
 */
import { existsSync } from 'node:fs';
import { TipstreamError } from '../../errors.js';
import { partitionFunction } from '../../log/partitioner.js';
import type { Log } from '../../log/port.js';
import type { Registry } from '../../projections/registry.js';
import { carryOver } from '../../store/rebuild/carry-over.js';
import { PartitionState } from '../../store/partition-state.js';
import { PartitionReader } from '../../store/queries/partition-reader.js';
import type { StateIdentity } from '../../store/state-file.js';
import { repeatPrune } from '../../consumers/fold/prune.js';
import { replayPartition } from '../../consumers/fold/replay-partition.js';
import type { ServiceOptions } from '../options.js';

export interface SwapFileDeps {
  readonly log: Log;
  readonly registry: Registry;
  readonly options: ServiceOptions;
  /** Full names of the consumed topics. */
  readonly topics: readonly string[];
  readonly identity: StateIdentity;
  readonly livePath: string;
  readonly newPath: string;
}

export class SwapFile {
  readonly #deps: SwapFileDeps;
  readonly #state: PartitionState;
  /** Of the live file; besides what its worker has open. */
  readonly #live: PartitionReader;

  /** Throws no_data where there is no new file, and what opening it throws: state_mismatch for one of other topics or features among it. */
  constructor(deps: SwapFileDeps) {
    const { registry, identity, livePath, newPath } = deps;
    this.#deps = deps;
    if (!existsSync(newPath)) {
      throw new TipstreamError('no_data', `the new generation has no file of partition ${identity.partition}, which this process holds`, {
        hint: 'Run `tipstream rebuild` again: it makes the files of all partitions.',
        details: { path: newPath },
      });
    }
    this.#live = new PartitionReader(livePath, registry);
    try {
      this.#state = new PartitionState(newPath, identity, registry);
    } catch (error) {
      this.#live.close();
      throw error;
    }
  }

  /** Where the live file stands: topic -> next offset. */
  livePositions(): Map<string, number> {
    return this.#live.positions();
  }

  /** Offsets between the new file and these positions. Throws state_mismatch where it is ahead of them. */
  behind(live: ReadonlyMap<string, number>): number {
    const own = this.#state.positions.all();
    for (const [topic, next] of own) {
      const limit = live.get(topic) ?? 0;
      if (next <= limit) continue;
      const { partition } = this.#deps.identity;
      throw new TipstreamError(
        'state_mismatch',
        `the new generation is ahead of the live one: it stands at offset ${next} of ${topic} ` +
          `partition ${partition}, the live one at ${limit}`,
        {
          hint: 'Run `tipstream rebuild` again: this one was made for other state.',
          details: { topic, partition, rebuilt: next, live: limit },
        },
      );
    }
    return [...live].reduce((sum, [topic, next]) => sum + next - Math.min(next, own.get(topic) ?? 0), 0);
  }

  /** Folds on to exactly `to`, where the live file stands or stood, with the prunes that it went through on the way. */
  async foldTo(to: ReadonlyMap<string, number>, signal: AbortSignal): Promise<void> {
    const { log, registry, options, topics, identity } = this.#deps;
    const state = this.#state;
    const repeated = state.prunes.all().at(-1)?.seq ?? 0;
    // Asked for after `to`: none that lies before it can be missing.
    const prunes = this.#live.prunes().filter(({ seq }) => seq > repeated);
    await replayPartition({
      log,
      state,
      registry,
      partition: identity.partition,
      topics,
      topicPrefix: identity.topicPrefix,
      group: options.group,
      rules: { maxValueBytes: options.maxValueBytes, partitions: identity.partitions, partitioner: partitionFunction(options.partitioner) },
      scoring: options.scoring,
      to,
      deadLetteredTo: to, // what was rejected before has had its dead letter
      prunes: prunes.map((prune) => ({ positions: prune.positions, repeat: (pruned) => void repeatPrune(pruned, registry, prune) })),
      clock: options.clock,
      signal,
    });
  }

  /** Takes over the outbox of the live file, of which the log has `publishedTo`, and closes: the file is whole then, and durable. */
  finish(publishedTo: number): void {
    carryOver(this.#deps.livePath, this.#state, { nowMs: this.#deps.options.clock(), publishedTo });
    this.close();
  }

  close(): void {
    this.#live.close();
    this.#state.close();
  }
}
