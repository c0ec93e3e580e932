import { keptControls } from '../../policies/controls/control-refusal.js';
import type { ControlEvent } from '../../topics.js';
import type { PartitionReader } from './partition-reader.js';

/** The controls that hold for everybody. Apart from the reader, which most commands use without the policies and the schemas of events. */
export function controlsForAll(reader: PartitionReader): ControlEvent[] {
  return keptControls(reader.sharedControls().map(([, record]) => record));
}
