/** Controls that a producer left half-written are completed in the partitions that are held here, from what their state files hold. */
import type { Log } from '../log/port.js';
import { completeControls as completeIn } from '../producer/control-completion.js';
import { encodeEvent } from '../producer/encode.js';
import type { PartitionReader } from '../store/queries/partition-reader.js';

export interface CompletedControls {
  /** How many records were written. */
  readonly written: number;
  /** control_id -> why this version refuses what an earlier one folded: it does not hold, and is written nowhere. */
  readonly refused: ReadonlyMap<string, string>;
}

export interface CompletionDeps {
  readonly log: Log;
  /** policy.control, with the prefix. */
  readonly topic: string;
  readonly maxValueBytes: number;
  /** By partition. Each must have applied policy.control to its end. */
  readonly readers: ReadonlyMap<number, PartitionReader>;
}

export async function completeControls({ log, topic, maxValueBytes, readers }: CompletionDeps): Promise<CompletedControls> {
  const values = new Map<string, Buffer>();
  const refused = new Map<string, string>();
  for (const reader of readers.values()) {
    for (const [controlId, record] of reader.sharedControls()) {
      if (values.has(controlId)) continue;
      const completing = recordOf(record, maxValueBytes);
      if (typeof completing === 'string') refused.set(controlId, completing);
      else {
        values.set(controlId, completing);
        refused.delete(controlId);
      }
    }
  }
  const partitions = [...readers.keys()];
  const controls = [...values].map(([controlId, value]) => ({
    value,
    partitions: new Set(partitions.filter((partition) => readers.get(partition)!.hasControl(controlId))),
  }));
  return { written: await completeIn(log, topic, controls, partitions), refused };
}

/** The value to write for it, or why the workers would refuse that: every start would write it again, and nobody would fold it. */
function recordOf(record: string, maxValueBytes: number): Buffer | string {
  const encoded = encodeEvent('policy.control', record, undefined, [], maxValueBytes);
  return encoded.ok ? encoded.value : encoded.rejection.message;
}
