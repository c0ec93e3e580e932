/** All files of a generation are folded with one set of feature definitions: a worker must not begin beside files of another. */
import type { Registry } from '../../projections/registry.js';
import { partitionFile, partitionsIn } from './layout.js';
import { compareDefinitions, openStateForReading } from '../state-file.js';

/**
 * Throws state_mismatch, saying what differs, when a file in this directory was folded with other definitions. Files that cannot be
 * opened or are not what their name says are left to whoever opens them.
 */
export function refuseOtherDefinitions(generation: string, registry: Registry): void {
  for (const partition of partitionsIn(generation)) {
    const path = partitionFile(generation, partition);
    const db = opened(path);
    if (db === undefined) continue;
    try {
      compareDefinitions(db, path, registry);
    } finally {
      db.close();
    }
  }
}

function opened(path: string): ReturnType<typeof openStateForReading> | undefined {
  try {
    return openStateForReading(path);
  } catch {
    return undefined;
  }
}
