/** Offsets to stop at, against what the log holds. */
import { TipstreamError } from '../errors.js';
import type { OffsetRange } from '../log/port.js';
import type { Positions } from '../store/queries/profiles.js';

/** Throws invalid_argument for topics and partitions that are not folded, and offset_out_of_range for what the log does not hold. */
export function checkAsked(asked: Positions, ranges: ReadonlyMap<string, ReadonlyMap<number, OffsetRange>>): void {
  for (const [topic, offsets] of Object.entries(asked)) {
    const ofTopic = ranges.get(topic);
    if (ofTopic === undefined) {
      throw new TipstreamError('invalid_argument', `${JSON.stringify(topic)} is not a topic that is folded`, {
        hint: `Name one of the topics ${[...ranges.keys()].join(', ')}.`,
        details: { topic },
      });
    }
    for (const [text, offset] of Object.entries(offsets)) {
      const partition = Number(text);
      const range = ofTopic.get(partition);
      if (range === undefined)
        throw new TipstreamError('invalid_argument', `${topic} has no partition ${partition}`, {
          hint: `Name one of its ${ofTopic.size} partitions, counted from 0.`,
          details: { topic, partition },
        });
      if (offset <= range.end && offset >= range.low) continue;
      throw new TipstreamError(
        'offset_out_of_range',
        `${topic} partition ${partition} cannot be folded to offset ${offset}: the log holds ${range.low} to ${range.end}`,
        {
          hint: 'Give offsets that lie within what the log holds.',
          details: { topic, partition, offset, low: range.low, end: range.end },
        },
      );
    }
  }
}
