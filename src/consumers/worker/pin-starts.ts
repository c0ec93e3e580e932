import type { OffsetRange } from '../../log/port.js';
import type { PartitionState } from '../../store/partition-state.js';

/**
 * A topic of which nothing was read yet stands at its low end from now on, in the file and in `positions`: else what is deleted of it
 * before it is applied would not be missed.
 */
export function pinStarts(
  state: PartitionState,
  positions: Map<string, number>,
  ranges: ReadonlyMap<string, OffsetRange>,
  nowMs: number,
): void {
  const unread = [...ranges].filter(([topic]) => !positions.has(topic));
  if (unread.length === 0) return;
  state.transaction(nowMs, () => {
    for (const [topic, { low }] of unread) state.positions.advance(topic, undefined, low);
  });
  for (const [topic, { low }] of unread) positions.set(topic, low);
}
