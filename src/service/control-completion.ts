/** Controls that a producer left half-written are completed in the partitions that are held here, from what their state files hold. */
import type { Log } from '../log/port.js';
import { completeControls as completeIn } from '../producer/control-completion.js';
import type { PartitionReader } from '../store/queries/partition-reader.js';

/** Each reader must have applied policy.control to its end. Answers how many records were written. */
export async function completeControls(log: Log, topic: string, readers: ReadonlyMap<number, PartitionReader>): Promise<number> {
  const controls = new Map<string, { readonly value: Buffer; readonly partitions: Set<number> }>();
  for (const [partition, reader] of readers) {
    for (const [controlId, record] of reader.sharedControls()) {
      const known = controls.get(controlId);
      if (known === undefined) controls.set(controlId, { value: Buffer.from(record), partitions: new Set([partition]) });
      else known.partitions.add(partition);
    }
  }
  return completeIn(log, topic, controls.values(), [...readers.keys()]);
}
