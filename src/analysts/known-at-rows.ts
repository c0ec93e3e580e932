/**
 * The join by what was known: each row of a spine has positions of its own, and its profile is computed from what the log held below them.
 * The log is folded once, in a scratch file for each partition, and stops at each row's positions on the way.
 */
import { TipstreamError } from '../errors.js';
import { isId } from '../events/strings.js';
import { partitionFor, type PartitionerName } from '../log/partitioner.js';
import type { Log, OffsetRange } from '../log/port.js';
import type { Registry } from '../projections/registry.js';
import { createScratch } from '../store/directory/scratch.js';
import { partitionFile } from '../store/directory/layout.js';
import type { RowsOfSpine } from '../store/join/rows-of-spine.js';
import { PartitionState } from '../store/partition-state.js';
import { PartitionReader } from '../store/queries/partition-reader.js';
import { foldKnown, forgottenTopic, type KnownFold } from './fold-known.js';
import { chainsOf, readKnownPositions, type Stop } from './known-stops.js';
import { profileTopics } from './profile-topics.js';

export interface KnownRowsOptions {
  readonly dataDirectory: string;
  readonly topicPrefix: string;
  readonly partitioner: PartitionerName;
  readonly maxValueBytes: number;
  readonly nowMs: number;
  readonly signal: AbortSignal;
  /** What messages call a row, and the column. */
  readonly unit: string;
  readonly column: string;
  readonly onProgress: (doneRows: number, rows: number) => void;
  /** Sentences on what the log could not give. */
  readonly onNote: (text: string) => void;
}

/** What each row needs is held in memory. */
const MOST_ROWS = 250_000;

/**
 * Answers each row of a user who is known then, and how many are not. Throws invalid_argument naming the row whose positions cannot be
 * used, offset_out_of_range, and the signal's reason.
 */
export async function joinKnownAt(log: Log, registry: Registry, rows: RowsOfSpine, options: KnownRowsOptions): Promise<number> {
  const { dataDirectory, topicPrefix, partitioner, maxValueBytes, nowMs, signal, onProgress } = options;
  const topics = profileTopics(registry, topicPrefix);
  const ranges = new Map(await Promise.all(topics.map(async (topic) => [topic, await log.offsets(topic)] as const)));
  const partitions = ranges.get(topics[0]!)!.size;
  if (partitioner === 'any') {
    throw new TipstreamError('invalid_argument', `${options.column} needs to know which partition a user is in`, {
      hint: 'Give the --partitioner of the producers.',
    });
  }
  const stops: Stop[][] = Array.from({ length: partitions }, () => []);
  let count = 0;
  let unknown = 0;
  for (const row of rows.inOrder()) {
    if (++count > MOST_ROWS) throw tooMany();
    if (!isId(row.userId)) {
      unknown++;
      continue;
    }
    const partition = partitionFor(partitioner, Buffer.from(row.userId), partitions);
    const found = readKnownPositions(row.known, topics, partition);
    const flaw = typeof found === 'string' ? found : beyondEnd(found, topics, ranges, partition);
    if (flaw !== undefined || typeof found === 'string') {
      throw new TipstreamError('invalid_argument', `${options.unit} ${row.line} of the spine: ${options.column} ${flaw}`, {
        hint: 'Give the positions of a tip.scored event, or those that `tipstream digest --json` printed.',
      });
    }
    stops[partition]!.push({ seq: count - 1, userId: row.userId, asOfMs: row.asOfMs, positions: found });
  }
  const forgets = await forgottenTopic(log, topicPrefix);
  const fold = { log, registry, topicPrefix, partitioner, maxValueBytes, nowMs, signal, forgets };
  let done = unknown;
  for (const [partition, ofPartition] of stops.entries()) {
    for (const topic of ofPartition.length === 0 ? [] : topics) {
      const low = ranges.get(topic)!.get(partition)?.low ?? 0;
      if (low > 0) options.onNote(`the log of ${topic} partition ${partition} begins at offset ${low}: what came before is missing here`);
    }
    for (const chain of chainsOf(ofPartition)) {
      signal.throwIfAborted();
      const place = { dataDirectory, topics, partition, partitions };
      unknown += await answerChain(rows, chain, place, fold, () => onProgress(++done, count));
    }
  }
  return unknown;
}

function tooMany(): TipstreamError {
  return new TipstreamError('invalid_argument', `a spine with positions of its own may have ${MOST_ROWS} rows`, {
    hint: 'Export it in parts.',
  });
}

/** What is wrong with positions that the log does not reach; undefined: nothing. */
function beyondEnd(
  positions: readonly number[],
  topics: readonly string[],
  ranges: ReadonlyMap<string, ReadonlyMap<number, OffsetRange>>,
  partition: number,
): string | undefined {
  for (const [i, topic] of topics.entries()) {
    const end = ranges.get(topic)!.get(partition)?.end ?? 0;
    if (positions[i]! > end) return `names offset ${positions[i]} of ${topic} partition ${partition}, which ends at ${end}`;
  }
  return undefined;
}

interface Place {
  readonly dataDirectory: string;
  readonly topics: readonly string[];
  readonly partition: number;
  readonly partitions: number;
}

/** `chain`: stops whose positions never go back. Answers how many are of users who are not known. */
async function answerChain(
  rows: RowsOfSpine,
  chain: readonly Stop[],
  { dataDirectory, topics, partition, partitions }: Place,
  fold: KnownFold,
  onRow: () => void,
): Promise<number> {
  const { log, registry, topicPrefix } = fold;
  const scratch = createScratch(dataDirectory, fold.nowMs);
  const identity = { partition, partitions, log: log.kind, topicPrefix, featureSet: registry.featureSet };
  const path = partitionFile(scratch.directory, partition);
  let state: PartitionState | undefined;
  let reader: PartitionReader | undefined;
  let unknown = 0;
  try {
    state = new PartitionState(path, identity, registry);
    let reached: readonly number[] | undefined;
    for (const { seq, userId, asOfMs, positions } of chain) {
      if (reached === undefined || positions.some((offset, i) => offset > reached![i]!)) {
        const to = new Map(topics.map((topic, i) => [topic, positions[i]!]));
        await foldKnown(state, to, fold);
        reached = positions;
        reader ??= new PartitionReader(path, registry);
      }
      const profile = reader!.profile(userId, asOfMs);
      if (profile?.known === true)
        rows.answer(
          seq,
          registry.names.map((name) => profile.features[name] ?? null),
        );
      else unknown++;
      onRow();
    }
    return unknown;
  } finally {
    reader?.close();
    state?.close();
    scratch.remove();
  }
}
