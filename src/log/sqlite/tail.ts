/** Reading one partition without a group: everything in a range, then, without an upper bound, whatever comes. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TipstreamError } from '../../errors.js';
import type { LogRecord, ReadRange } from '../port.js';
import type { EndWatcher } from './end-watcher.js';
import { asLogFailure, closedLog, offsetOutOfRange } from './failures.js';
import type { RecordTable } from './record-table.js';
import { checkPartition, type TopicTable } from './topic-table.js';

export interface TailSurroundings {
  readonly path: string;
  readonly topics: TopicTable;
  readonly table: RecordTable;
  readonly watcher: EndWatcher;
  /** Aborts when the log is closed. */
  readonly closed: AbortSignal;
}

export async function* readRange(range: ReadRange, surroundings: TailSurroundings): AsyncGenerator<readonly LogRecord[], void, void> {
  const { partition, from, to, signal } = range;
  const { path, table, watcher, closed } = surroundings;
  try {
    if (closed.aborted) throw closedLog(path);
    const topic = surroundings.topics.require(range.topic);
    checkPartition(topic, partition);
    checkFrom(range);
    // Where reading stands is checked even when the range is empty: a caller beyond the end has lost its place.
    let position = from;
    for (;;) {
      if (signal?.aborted) return;
      if (closed.aborted) throw closedLog(path);
      const { low, end, nextOffset, records } = table.read(topic, partition, position, to);
      if (position < low || position > end) throw offsetOutOfRange(topic.name, partition, position, { low, end });
      position = nextOffset;
      if (records.length > 0) yield records;
      if (to !== undefined && position >= to) return;
      if (nextOffset < end) await nextTurn();
      else await waitBeyond(watcher, topic.id, partition, position, [closed, ...(signal === undefined ? [] : [signal])]);
    }
  } catch (error) {
    throw asLogFailure(error, path);
  }
}

/** Resolves when the partition reaches beyond the offset or a signal aborts. */
function waitBeyond(
  watcher: EndWatcher,
  topicId: number,
  partition: number,
  offset: number,
  signals: readonly AbortSignal[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    let unsubscribe = () => {};
    const end = (error?: unknown) => {
      unsubscribe();
      for (const signal of signals) signal.removeEventListener('abort', stop);
      if (error === undefined) resolve();
      else reject(error as Error);
    };
    const stop = () => end();
    const advanced = () => {
      if (watcher.end(topicId, partition) > offset) end();
    };
    for (const signal of signals) signal.addEventListener('abort', stop);
    unsubscribe = watcher.subscribe({ advanced, failed: end });
    advanced();
    if (signals.some((signal) => signal.aborted)) end();
  });
}

function checkFrom({ topic, partition, from }: ReadRange): void {
  if (Number.isSafeInteger(from) && from >= 0) return;
  throw new TipstreamError('invalid_argument', `${from} is no offset of ${topic}/${partition}`, {
    hint: 'Give a whole number from 0.',
    details: { topic, partition, offset: from },
  });
}
