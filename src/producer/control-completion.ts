/**
 * A control that holds for everybody is one record per partition. A producer that died in between has written some of them; this writes
 * the others. Writing one twice does no harm: the first of a control_id counts.
 */
import type { Log, NewRecord } from '../log/port.js';

/** A control for everybody, as far as it was written. */
export interface SharedControl {
  readonly value: Buffer;
  /** Those that have it. */
  readonly partitions: ReadonlySet<number>;
}

/** What is missing in `partitions`, in the order of the controls. `topic`: policy.control, with the prefix. */
export function missingRecords(topic: string, controls: Iterable<SharedControl>, partitions: readonly number[]): NewRecord[] {
  return [...controls].flatMap(({ value, partitions: written }) =>
    partitions.filter((partition) => !written.has(partition)).map((partition) => ({ topic, partition, key: null, value })),
  );
}

/** Appends what is missing; answers how many records that was. */
export async function completeControls(
  log: Log,
  topic: string,
  controls: Iterable<SharedControl>,
  partitions: readonly number[],
): Promise<number> {
  const missing = missingRecords(topic, controls, partitions);
  if (missing.length > 0) await log.append(missing);
  return missing.length;
}
