/** The controls that hold for everybody. Apart from the reader, which most commands use without the policies and the schemas of events. */
import { keptControls } from '../../policies/controls/control-refusal.js';
import type { ControlEvent } from '../../topics.js';
import { openStateForReading } from '../state-file.js';
import { ControlTable } from '../tables/controls.js';
import type { PartitionReader } from './partition-reader.js';

/** As one state file has them, read beside its writer. Throws no_data, state_mismatch. */
export function sharedControls(path: string): readonly ControlEvent[] {
  const db = openStateForReading(path);
  try {
    return new ControlTable(db).shared();
  } finally {
    db.close();
  }
}

/** As a reader has them, those that were kept. */
export function controlsForAll(reader: PartitionReader): ControlEvent[] {
  return keptControls(reader.sharedControls().map(([, record]) => record));
}
