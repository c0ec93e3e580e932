/**
 * Folds one partition of the log into a state file of its own, from where that file stands up to exactly the offsets asked for: topic
 * after topic, because the order makes no difference to state. Nothing is published and no request is answered. Every batch is
 * committed with the positions it reached, so that a replay which was ended, however it was ended, goes on from there.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TipstreamError } from '../../errors.js';
import type { DecodeRules } from '../../events/decode.js';
import type { FaultHook } from '../../fault-points.js';
import type { Log, LogRecord } from '../../log/port.js';
import { recordHash } from '../../log/record-hash.js';
import type { Registry } from '../../projections/registry.js';
import type { StoredMessage } from '../../store/tables/outbox.js';
import type { PartitionState } from '../../store/partition-state.js';
import { FORGOTTEN_TOPIC, topicNamed } from '../../topics.js';
import { BatchProcessor } from './batch-processor.js';
import type { ScoringOptions } from './scorer.js';

/** A prune that the live state went through: what is below the positions was in the state when its rows went. */
export interface ReplayedPrune {
  /** topic -> next offset */
  readonly positions: ReadonlyMap<string, number>;
  /** Does to the state what was done then, in a transaction of its own, and records that it was. */
  readonly repeat: (state: PartitionState) => void;
}

export interface PartitionReplayOptions {
  readonly log: Log;
  /** Open for writing; nobody else writes to it. */
  readonly state: PartitionState;
  readonly registry: Registry;
  readonly partition: number;
  /** Full names of the topics to fold. */
  readonly topics: readonly string[];
  readonly topicPrefix: string;
  /** For the headers of dead letters. */
  readonly group: string;
  readonly rules: DecodeRules;
  /** Only `settings.shadowLearning` matters: nothing is scored. */
  readonly scoring: ScoringOptions;
  /** topic -> the offset to stop at, exclusive. A topic that stands there or beyond stays, and so does one that is not named. */
  readonly to: ReadonlyMap<string, number>;
  /**
   * topic -> the first offset whose rejection is news: records before it have had their dead letters. What is rejected from there on
   * goes into the outbox.
   */
  readonly deadLetteredTo?: ReadonlyMap<string, number>;
  /** Whether users whose profile changes are noted in the file, for `start` to publish them. */
  readonly noteChanges?: boolean;
  /** Those that the state has not been through, oldest first. They are repeated as far as `to` goes. */
  readonly prunes?: readonly ReplayedPrune[];
  /** Records in one transaction at most. */
  readonly batchRecords?: number;
  /** Unix ms. */
  readonly clock: () => number;
  readonly signal?: AbortSignal;
  /** Offsets passed since it was called last. */
  readonly onProgress?: (offsets: number) => void;
  readonly at?: FaultHook | undefined;
}

/** As in the live fold: what a commit costs are the pages it dirties, so large batches are several times faster. */
const BATCH_RECORDS = 50_000;
const BATCH_BYTES = 32 * 1024 * 1024;
/** Records folded before the event loop gets a turn. */
const SLICE_RECORDS = 1_000;

/**
 * Answers how many records were folded. Throws offset_out_of_range where the log ends before `to`, and the signal's reason when it
 * aborts; what was folded until then is committed.
 */
export async function replayPartition(replay: PartitionReplayOptions): Promise<number> {
  const { state, registry, topics, topicPrefix, group, rules, scoring, to, prunes = [], clock, at } = replay;
  const ranges = new Map(
    await Promise.all(
      [...to.keys()].map(async (topic) => [topic, (await replay.log.offsets(topic)).get(replay.partition) ?? { low: 0, end: 0 }] as const),
    ),
  );
  for (const [topic, { end }] of ranges) checkEnd(replay, topic, end);
  const known = state.positions.all();
  state.transaction(clock(), () => {
    for (const [topic, { low }] of ranges) if (!known.has(topic)) state.positions.advance(topic, undefined, Math.min(low, to.get(topic)!));
    for (const [topic, offset] of replay.deadLetteredTo ?? []) state.positions.setDeadLetteredTo(topic, offset);
  });
  const processor = new BatchProcessor(
    { state, registry, topics },
    { topicPrefix, group, rules, scoring, publishProfiles: replay.noteChanges ?? false, replay: true, at },
  );
  processor.adoptOptions(clock());
  const folding = new TopicFolding(replay, processor);
  // First of all: whoever was forgotten by then is not folded in the meantime either.
  const forgotten = topics.find((topic) => topicNamed(topicPrefix, topic) === FORGOTTEN_TOPIC);
  if (forgotten !== undefined) await folding.fold(forgotten, to.get(forgotten) ?? 0, ranges.get(forgotten)?.low ?? 0);
  for (const prune of prunes) {
    if ([...prune.positions].some(([topic, offset]) => offset > (to.get(topic) ?? 0))) break;
    for (const topic of topics) await folding.fold(topic, prune.positions.get(topic) ?? 0, ranges.get(topic)?.low ?? 0);
    prune.repeat(state);
  }
  for (const topic of topics) await folding.fold(topic, to.get(topic) ?? 0, ranges.get(topic)?.low ?? 0);
  return folding.records;
}

/** Reading beyond the end would wait for records that may never come. */
function checkEnd({ partition, to, state }: PartitionReplayOptions, topic: string, end: number): void {
  const wanted = to.get(topic)!;
  if (wanted <= end) return;
  throw new TipstreamError(
    'offset_out_of_range',
    `the log of ${topic} partition ${partition} ends at offset ${end}; it is to be folded up to ${wanted}`,
    {
      hint: 'Restore the log: the topic was created anew, or the log has lost its end. Nothing was changed.',
      details: { topic, partition, end, position: wanted, path: state.path },
    },
  );
}

class TopicFolding {
  readonly #replay: PartitionReplayOptions;
  readonly #processor: BatchProcessor;
  readonly #positions: Map<string, number>;
  /** Folded in all. */
  records = 0;

  constructor(replay: PartitionReplayOptions, processor: BatchProcessor) {
    this.#replay = replay;
    this.#processor = processor;
    this.#positions = replay.state.positions.all();
  }

  /** Up to `to`; from `low` where the log does not hold what comes next any more. */
  async fold(topic: string, to: number, low: number): Promise<void> {
    const { log, partition, signal, batchRecords = BATCH_RECORDS } = this.#replay;
    signal?.throwIfAborted();
    if (to <= this.#positions.get(topic)!) return;
    let batch: Batch | undefined;
    try {
      const from = Math.max(this.#positions.get(topic)!, low);
      if (from < to) {
        for await (const records of log.read({ topic, partition, from, to, ...(signal === undefined ? {} : { signal }) })) {
          for (const record of records) {
            batch ??= this.#begin();
            this.#processor.apply(record, batch.nowMs, batch.outbox);
            batch.last = record;
            batch.bytes += record.value?.length ?? 0;
            if (++batch.records % SLICE_RECORDS === 0) await nextTurn();
            if (batch.records < batchRecords && batch.bytes < BATCH_BYTES && signal?.aborted !== true) continue;
            this.#commit(topic, record.offset + 1, batch);
            batch = undefined;
            signal?.throwIfAborted();
          }
          await nextTurn();
        }
      }
      if (signal?.aborted === true) {
        if (batch?.last !== undefined) this.#commit(topic, batch.last.offset + 1, batch);
        batch = undefined;
        signal.throwIfAborted();
      }
      // Beyond the last record there may be offsets without any: transactions' markers, what compaction took.
      this.#commit(topic, to, batch ?? this.#begin());
    } catch (error) {
      throw signal?.aborted === true && error === signal.reason ? error : this.#rolledBack(error);
    }
  }

  #begin(): Batch {
    this.#replay.state.begin();
    return { nowMs: this.#replay.clock(), outbox: [], records: 0, bytes: 0, last: undefined };
  }

  #commit(topic: string, next: number, { last, records }: Batch): void {
    const { state, clock, at, onProgress } = this.#replay;
    const before = this.#positions.get(topic)!;
    state.positions.advance(topic, before, next, last === undefined ? undefined : { offset: last.offset, hash: recordHash(last) });
    at?.('batch: positions written');
    state.commit(clock(), at);
    at?.('rebuild: batch committed');
    this.#positions.set(topic, next);
    this.records += records;
    onProgress?.(next - before);
  }

  #rolledBack(error: unknown): unknown {
    const reported = this.#replay.state.rollback(error);
    this.#processor.forget();
    return reported;
  }
}

interface Batch {
  readonly nowMs: number;
  /** Written to the state file as it grows; here only because the processor says what it added. */
  readonly outbox: StoredMessage[];
  records: number;
  bytes: number;
  last: LogRecord | undefined;
}
