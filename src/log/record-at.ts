/** One record of the log. */
import type { Log, LogRecord, ReadRange } from './port.js';
import type { RecordAddress } from './record-address.js';

/** undefined: the log holds none there, though it holds others around it. The offset must be below the end: a read from there waits. */
export async function recordAt(
  log: Pick<Log, 'read'>,
  { topic, partition, offset }: RecordAddress,
  signal?: AbortSignal,
  how: Pick<ReadRange, 'raw'> = {},
): Promise<LogRecord | undefined> {
  const range = { topic, partition, from: offset, to: offset + 1, ...how, ...(signal === undefined ? {} : { signal }) };
  for await (const records of log.read(range)) {
    const found = records.find((record) => record.offset === offset);
    if (found !== undefined) return found;
  }
  return undefined;
}
