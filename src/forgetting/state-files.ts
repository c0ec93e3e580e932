/** Which state files of a data directory have a user, of all generations. */
import { openStateForReading } from '../store/state-file.js';
import { currentGeneration, generationPath, generations, partitionFile, partitionsIn } from '../store/directory/layout.js';

/** Paths of state files, with the generation of each. */
export function stateFilesOf(dataDirectory: string): { readonly generation: string; readonly path: string }[] {
  return generations(dataDirectory).flatMap((generation) => {
    const directory = generationPath(dataDirectory, generation);
    return partitionsIn(directory).map((partition) => ({ generation, path: partitionFile(directory, partition) }));
  });
}

/** Throws what opening throws. */
export function hasUser(path: string, userId: string): boolean {
  const db = openStateForReading(path);
  try {
    return db.prepare<[string], number>('SELECT 1 FROM user WHERE user_id = ?').pluck().get(userId) !== undefined;
  } finally {
    db.close();
  }
}

/** In the live generation. Throws what opening throws. */
export function isInLiveState(dataDirectory: string, userId: string): boolean {
  const live = currentGeneration(dataDirectory);
  return stateFilesOf(dataDirectory).some(({ generation, path }) => generation === live && hasUser(path, userId));
}

/** Earlier generations and unfinished rebuilds that have the user, or may have: a file that cannot be read is no reason to keep it. */
export function otherGenerationsWith(dataDirectory: string, userId: string): string[] {
  const live = currentGeneration(dataDirectory);
  const others = stateFilesOf(dataDirectory).filter(({ generation, path }) => generation !== live && mayHaveUser(path, userId));
  return [...new Set(others.map(({ generation }) => generation))];
}

function mayHaveUser(path: string, userId: string): boolean {
  try {
    return hasUser(path, userId);
  } catch {
    return true;
  }
}
