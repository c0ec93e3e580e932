/** The controls that hold for everybody, as one state file has them, read beside its writer. */
import type { ControlEvent } from '../../topics.js';
import { openStateForReading } from '../state-file.js';
import { ControlTable } from '../tables/controls.js';

/** Throws no_data, state_mismatch. */
export function sharedControls(path: string): readonly ControlEvent[] {
  const db = openStateForReading(path);
  try {
    return new ControlTable(db).shared();
  } finally {
    db.close();
  }
}
