/**
 * Where things lie in a data directory:
 *
 *     log.db                                   the embedded log (absent on Kafka)
 *     owner.lock, owner.json                   held by the process that runs the workers
 *     state/CURRENT                            the name of the generation that is live
 *     state/gen-000001/partition-0000.db       one state file per partition
 *     dead-letters/                            messages too large for their -dlt topic
 */
import { existsSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TipstreamError } from '../errors.js';
import { makeDirectory } from '../make-directory.js';
import { writingIn } from './data-directory.js';

const FIRST_GENERATION = 'gen-000001';
const PARTITION_FILE = /^partition-(\d{4,})\.db$/;

const stateDirectory = (dataDirectory: string) => join(dataDirectory, 'state');
const currentFile = (dataDirectory: string) => join(stateDirectory(dataDirectory), 'CURRENT');

/** The live generation's name; undefined in a directory that no worker has used. */
export function currentGeneration(dataDirectory: string): string | undefined {
  const file = currentFile(dataDirectory);
  if (!existsSync(file)) return undefined;
  const name = readFileSync(file, 'utf8').trim();
  if (!/^gen-\d{6,}$/.test(name)) {
    throw new TipstreamError('state_corrupt', `${file} does not name a generation: ${JSON.stringify(name.slice(0, 40))}`, {
      hint: `write the name of a folder beside it (for example ${FIRST_GENERATION}) into it, or move the state folder away and start again: it is rebuilt from the log`,
      details: { path: file },
    });
  }
  return name;
}

/** The live generation's directory, made when there is none. Throws disk_full, and invalid_argument where it cannot be made. */
export function ensureGeneration(dataDirectory: string): string {
  const name = currentGeneration(dataDirectory) ?? FIRST_GENERATION;
  const directory = join(stateDirectory(dataDirectory), name);
  makeDirectory(directory);
  writingIn(dataDirectory, () => {
    if (currentGeneration(dataDirectory) !== undefined) return;
    const temporary = `${currentFile(dataDirectory)}.new`;
    writeFileSync(temporary, `${name}\n`, { flush: true });
    renameSync(temporary, currentFile(dataDirectory));
  });
  return directory;
}

/** The live generation's directory. Throws no_data where no worker has run. */
export function generationDirectory(dataDirectory: string): string {
  const name = currentGeneration(dataDirectory);
  if (name === undefined) {
    throw new TipstreamError('no_data', `no state in ${dataDirectory}`, {
      hint: 'run `tipstream start` (or `tipstream start --until-caught-up`) with the same --data first',
      details: { path: dataDirectory },
    });
  }
  return join(stateDirectory(dataDirectory), name);
}

export function partitionFile(generation: string, partition: number): string {
  return join(generation, `partition-${String(partition).padStart(4, '0')}.db`);
}

/** The partitions that have a state file in a generation's directory, ascending. */
export function partitionsIn(generation: string): number[] {
  return readdirSync(generation)
    .map((name) => PARTITION_FILE.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

export function deadLetterDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'dead-letters');
}
