/**
 * A control that holds for everybody is one record per partition. A producer that died in between has written some of them; this finds
 * what is missing among the partitions held here and writes it. Writing one twice does no harm: the first of a control_id counts.
 */
import type { Log, NewRecord } from '../log/port.js';
import type { PartitionReader } from '../store/queries/partition-reader.js';

/** Each reader must have applied policy.control to its end. Answers how many records were written. */
export async function completeControls(log: Log, topic: string, readers: ReadonlyMap<number, PartitionReader>): Promise<number> {
  const known = new Map([...readers].map(([partition, reader]) => [partition, new Map(reader.sharedControls())]));
  const all = new Map([...known.values()].flatMap((controls) => [...controls]));
  const missing: NewRecord[] = [];
  for (const [partition, controls] of known) {
    for (const [controlId, record] of all)
      if (!controls.has(controlId)) missing.push({ topic, partition, key: null, value: Buffer.from(record) });
  }
  if (missing.length > 0) await log.append(missing);
  return missing.length;
}
