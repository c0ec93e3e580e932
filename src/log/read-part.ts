/** Some records of one partition, handed over one by one. */
import { TipstreamError } from '../errors.js';
import type { Log, LogRecord, ReadRange } from './port.js';

/**
 * Answers up to which offset it came: `to`, unless the signal aborts or retention is quicker. The signal is looked at before, between and
 * after what the log delivers together.
 */
export async function readPart(
  log: Pick<Log, 'read'>,
  range: Required<Omit<ReadRange, 'raw'>>,
  look: (record: LogRecord) => void | Promise<void>,
): Promise<number> {
  const { from, to, signal } = range;
  let reached = from;
  if (from === to || signal.aborted) return reached;
  try {
    for await (const records of log.read(range)) {
      for (const record of records) {
        await look(record);
        reached = record.offset + 1;
      }
      if (signal.aborted) return reached;
    }
  } catch (error) {
    if (error instanceof TipstreamError && error.code === 'offset_out_of_range') return reached;
    throw error;
  }
  return signal.aborted ? reached : to;
}
