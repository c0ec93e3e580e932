/**
 * Where things lie in a data directory:
 *
 *     log.db                                   the embedded log (absent on Kafka)
 *     owner.lock, owner.json                   held by the process that runs the workers
 *     service.json                             as what the service last ran: its consumer group, its shadow
 *     stopped.json                             which partitions the service stopped, and why
 *     silent.json                              of which partitions nothing comes to the service, and why
 *     verified.json                            what `verify` found last
 *     quality-baseline.json                    what `quality` compares with
 *     quality-skew.json                        what `quality skew` found last
 *     state/CURRENT                            the name of the generation that is live
 *     state/gen-000001/partition-0000.db       one state file per partition
 *     state/gen-000002/rebuild.json            a generation that `rebuild` is making: what of, so that another run can go on with it
 *     state/rebuild.lock                       held by a running `rebuild`
 *     state/SWAP.json                          `rebuild` asks the owner to switch to its generation: swap-request.ts
 *     redrive.lock                             held by a running `dead-letters redrive`
 *     receipts/FORGET_ID.json                  what `forget` did, once it was completed
 *     dead-letters/                            dead letters that their -dlt topic does not take
 */
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TipstreamError } from '../../errors.js';
import { makeDirectory } from '../../make-directory.js';
import { syncDirectory, writeWhole } from './write-whole.js';

const FIRST_GENERATION = 'gen-000001';
const GENERATION = /^gen-(\d{6,})$/;
const PARTITION_FILE = /^partition-(\d{4,})\.db$/;

export const stateDirectory = (dataDirectory: string) => join(dataDirectory, 'state');
const currentFile = (dataDirectory: string) => join(stateDirectory(dataDirectory), 'CURRENT');

/** The live generation's name; undefined in a directory that no worker has used. */
export function currentGeneration(dataDirectory: string): string | undefined {
  const file = currentFile(dataDirectory);
  if (!existsSync(file)) return undefined;
  const name = readFileSync(file, 'utf8').trim();
  if (!GENERATION.test(name)) {
    throw new TipstreamError('state_corrupt', `${file} does not name a generation: ${JSON.stringify(name.slice(0, 40))}`, {
      hint:
        `Write the name of a folder beside it (for example ${FIRST_GENERATION}) into it, or move the state ` +
        'folder away and start again: it is rebuilt from the log.',
      details: { path: file },
    });
  }
  return name;
}

/** The live generation's directory, made when there is none. Throws disk_full, and invalid_argument where it cannot be made. */
export function ensureGeneration(dataDirectory: string): string {
  const live = currentGeneration(dataDirectory);
  // What a rebuild has begun to make is none to go on with: it knows nothing of what is pending.
  const name = live ?? (isUnfinished(dataDirectory, FIRST_GENERATION) ? nextGeneration(dataDirectory) : FIRST_GENERATION);
  const directory = generationPath(dataDirectory, name);
  makeDirectory(directory);
  if (live === undefined) flipCurrent(dataDirectory, name);
  return directory;
}

/** From now on this generation is the live one, whatever happens next: the file is replaced whole, and synced. Throws disk_full. */
export function flipCurrent(dataDirectory: string, name: string): void {
  writeWhole(currentFile(dataDirectory), `${name}\n`);
  forgetRebuild(dataDirectory, name);
}

/** The generation is no rebuild under way any more. */
export function forgetRebuild(dataDirectory: string, name: string): void {
  rmSync(rebuildFile(dataDirectory, name), { force: true });
}

export function generationPath(dataDirectory: string, name: string): string {
  return join(stateDirectory(dataDirectory), name);
}

/** All generations' names, the oldest first. */
export function generations(dataDirectory: string): string[] {
  const directory = stateDirectory(dataDirectory);
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).filter((name) => GENERATION.test(name));
  return names.sort((a, b) => numberOf(a) - numberOf(b));
}

/** A name that no generation has, later than all. */
export function nextGeneration(dataDirectory: string): string {
  const last = generations(dataDirectory).at(-1);
  return `gen-${String(last === undefined ? 1 : numberOf(last) + 1).padStart(6, '0')}`;
}

/** Makes the folder of a generation that is to become the live one, with what `rebuild` needs to know to go on with it. */
export function makeGeneration(dataDirectory: string, name: string, rebuild: object): string {
  const directory = generationPath(dataDirectory, name);
  makeDirectory(directory);
  writeWhole(rebuildFile(dataDirectory, name), `${JSON.stringify(rebuild)}\n`);
  syncDirectory(stateDirectory(dataDirectory));
  return directory;
}

/** The note of the rebuild that is making this generation; undefined when there is none that can be read. */
export function rebuildNote(dataDirectory: string, name: string): unknown {
  try {
    return JSON.parse(readFileSync(rebuildFile(dataDirectory, name), 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** Generations that a rebuild has begun and not swapped, the oldest first. */
export function unfinishedGenerations(dataDirectory: string): string[] {
  const live = currentGeneration(dataDirectory);
  return generations(dataDirectory).filter((name) => name !== live && isUnfinished(dataDirectory, name));
}

/** Throws for the live one. */
export function removeGeneration(dataDirectory: string, name: string): void {
  if (name === currentGeneration(dataDirectory)) throw new Error(`${name} is live`);
  // The note last: what is half removed must not pass for a generation that was live.
  const directory = generationPath(dataDirectory, name);
  for (const file of readdirSync(directory)) if (file !== REBUILD_FILE) rmSync(join(directory, file), { recursive: true, force: true });
  rmSync(directory, { recursive: true, force: true });
}

const REBUILD_FILE = 'rebuild.json';
const rebuildFile = (dataDirectory: string, name: string) => join(generationPath(dataDirectory, name), REBUILD_FILE);
const isUnfinished = (dataDirectory: string, name: string) => existsSync(rebuildFile(dataDirectory, name));
const numberOf = (name: string) => Number(GENERATION.exec(name)![1]);

/** The live generation's directory. Throws no_data where no worker has run. */
export function generationDirectory(dataDirectory: string): string {
  const name = currentGeneration(dataDirectory);
  if (name === undefined) {
    throw new TipstreamError('no_data', `no state in ${dataDirectory}`, {
      hint: 'Run `tipstream start` (or `tipstream start --until-caught-up`) with the same --data first.',
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
  if (!existsSync(generation)) return [];
  return readdirSync(generation)
    .map((name) => PARTITION_FILE.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

export function deadLetterDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'dead-letters');
}
