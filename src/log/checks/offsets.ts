import { TipstreamError } from '../../errors.js';
import type { OffsetRange } from '../port.js';

/** Throws offset_out_of_range when the log no longer, or not yet, holds what comes next; nothing is ever reset. */
export function checkOffsets(
  path: string,
  partition: number,
  positions: ReadonlyMap<string, number>,
  ranges: ReadonlyMap<string, OffsetRange>,
): void {
  for (const [topic, next] of positions) {
    const range = ranges.get(topic);
    if (range === undefined || (next >= range.low && next <= range.end)) continue;
    const what =
      next < range.low
        ? `the log of ${topic} partition ${partition} begins at offset ${range.low}, but the state has applied only up ` +
          `to ${next}: ${range.low - next} records were deleted before they were applied`
        : `the log of ${topic} partition ${partition} ends at offset ${range.end}, but the state has applied ` +
          `up to ${next}: the topic was recreated or lost its tail`;
    throw new TipstreamError('offset_out_of_range', what, {
      hint:
        `Nothing was reset. If the log is right, move ${path} away and start again: the ` +
        'partition is rebuilt from what the log still holds.',
      details: { topic, partition, applied: next, low: range.low, end: range.end },
    });
  }
}
