/**
 * Whether the state of a data directory was folded from the log and topics that are meant, with the options that are given, asked before
 * anything is made on that log.
 */
import { TipstreamError } from '../../errors.js';
import { currentGeneration, generationPath, partitionFile, partitionsIn } from './layout.js';
import { openStateForReading, type StateIdentity } from '../state-file.js';

/**
 * Throws state_mismatch, naming both, when a file of the live generation was folded from another log or other topics, or with other
 * options by which records are accepted. A directory
 * without state belongs to any; files that cannot be opened are left to whoever opens them.
 */
export function refuseOtherLog(dataDirectory: string, identity: Pick<StateIdentity, 'log' | 'topicPrefix' | 'accepts'>): void {
  const live = currentGeneration(dataDirectory);
  if (live === undefined) return;
  const directory = generationPath(dataDirectory, live);
  for (const partition of partitionsIn(directory)) {
    const path = partitionFile(directory, partition);
    if (canBeOpened(path)) openStateForReading(path, identity).close();
  }
}

function canBeOpened(path: string): boolean {
  try {
    openStateForReading(path).close();
    return true;
  } catch (error) {
    if (error instanceof TipstreamError) return false;
    throw error;
  }
}
