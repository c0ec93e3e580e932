/**
 * The state files of the live generation, opened by everybody who reads them through the one function here: each is what its name and the
 * caller say that it is, and what is not there is known before anything is answered.
 */
import { TipstreamError } from '../../errors.js';
import type { Definitions } from '../../projections/definitions.js';
import type { Acceptance } from '../tables/acceptance.js';
import { compareIdentity, openStateForReading, readIdentity, type StateIdentity } from '../state-file.js';
import { generationDirectory, partitionFile, partitionsIn } from './layout.js';

/** Whose state is to be read: as `start` was told. */
export interface StateSource extends Pick<StateIdentity, 'log' | 'topicPrefix'> {
  readonly dataDirectory: string;
  /** The options by which records are accepted, of whoever goes by them. */
  readonly accepts?: Partial<Acceptance> | undefined;
  /** How many partitions somebody says that the topics have; undefined: as many as the files say. */
  readonly partitions?: number | undefined;
  /** How many the log's topics have; undefined: the log was not asked. */
  readonly topicPartitions?: number | undefined;
}

export interface StateFiles {
  /** The folder. */
  readonly generation: string;
  /** partition -> path, ascending */
  readonly files: ReadonlyMap<number, string>;
  /** How many there are altogether. */
  readonly partitions: number;
  /** Partitions without a file, ascending. On Kafka other members of the group hold them. */
  readonly missing: readonly number[];
}

const MAKE_AGAIN = 'Run `tipstream start`, which makes a missing file again from the log, or stop it and run `tipstream rebuild`.';

interface Features {
  readonly featureSet: string;
  readonly definitions: Definitions;
}

/**
 * The files, whether or not all are there. Throws no_data where there is none (state_incomplete on the embedded log, whose process has
 * them all), state_mismatch for one of another log, prefix, partition, number of partitions or, where they are given, features;
 * partition_count_changed where the topics have another number.
 */
export function presentStateFiles(source: StateSource, features?: Features): StateFiles {
  const generation = generationDirectory(source.dataDirectory);
  const files = new Map(partitionsIn(generation).map((partition) => [partition, partitionFile(generation, partition)]));
  let [partitions, countedIn] = [source.partitions, ''];
  for (const [partition, path] of files) {
    const db = openStateForReading(path, { log: source.log, topicPrefix: source.topicPrefix, partition, accepts: source.accepts });
    try {
      const found = readIdentity(db).partitions;
      if (partitions !== undefined && found !== partitions) throw otherCount(path, found, partitions, countedIn);
      [partitions, countedIn] = [found, path];
      if (source.topicPartitions !== undefined) compareIdentity(db, path, { partitions: source.topicPartitions });
      if (features !== undefined) compareIdentity(db, path, { featureSet: features.featureSet, definitions: features.definitions });
    } finally {
      db.close();
    }
  }
  if (partitions === undefined || files.size === 0) {
    const none = `no state file in ${generation}`;
    const details = { path: generation };
    if (source.log === 'sqlite') throw new TipstreamError('state_incomplete', none, { hint: MAKE_AGAIN, details });
    throw new TipstreamError('no_data', none, { hint: 'Run `tipstream start` with the same --data first.', details });
  }
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  return { generation, files, partitions, missing: all.filter((partition) => !files.has(partition)) };
}

/** As presentStateFiles, for answers about everybody: throws state_incomplete where one process must have all files, and has not. */
export function stateFiles(source: StateSource, features?: Features): StateFiles {
  const present = presentStateFiles(source, features);
  if (source.log === 'sqlite' && present.missing.length > 0) throw stateIncomplete(present);
  return present;
}

/** An error that names the files that are not there. */
export function stateIncomplete({ generation, files, partitions, missing }: StateFiles): TipstreamError {
  const names = missing.map((partition) => `partition-${String(partition).padStart(4, '0')}.db`);
  return new TipstreamError(
    'state_incomplete',
    `${generation} holds the state of ${files.size} of ${partitions} partitions: ` +
      `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} missing`,
    {
      hint: MAKE_AGAIN,
      details: { path: generation, partitions_missing: missing },
    },
  );
}

/** `countedIn`: the file that says `expected`; empty: the caller says so. */
export function otherCount(path: string, found: number, expected: number, countedIn: string): TipstreamError {
  return new TipstreamError(
    'state_mismatch',
    `state file ${path} was folded from topics of ${found} partitions; ` +
      (countedIn === '' ? `this process was told ${expected}` : `${countedIn} from topics of ${expected}`),
    {
      hint:
        countedIn === ''
          ? 'Leave --partitions out, or give the --data of topics with that number.'
          : 'Put back the files that were made together, or stop `tipstream start` and run `tipstream rebuild`.',
      details: { path, partitions: found, expected },
    },
  );
}
