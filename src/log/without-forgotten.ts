/**
 * The log without what forgotten users had in it. On Kafka their records lie there until retention or compaction takes them: whoever shows
 * records to people, or puts them back, reads through this. A log whose records are deleted needs it not.
 */
import { ForgottenReader } from './forgotten.js';
import type { Log, LogRecord, ReadRange } from './port.js';

export function withoutForgotten(log: Log, topicPrefix: string): Log {
  if (log.erasing !== undefined) return log;
  const reader = new ForgottenReader(log, topicPrefix);
  const read: Log['read'] = (range) => readVisible(log, reader, range);
  return new Proxy(log, {
    get(target, name) {
      if (name === 'read') return read;
      const found: unknown = Reflect.get(target, name, target);
      return typeof found === 'function' ? (found as (...args: unknown[]) => unknown).bind(target) : found;
    },
  });
}

async function* readVisible(log: Log, reader: ForgottenReader, range: ReadRange): AsyncGenerator<readonly LogRecord[], void, void> {
  const forgotten = await reader.upToEnd(range.partition, range.signal);
  if (forgotten.topics.size === 0) return yield* log.read(range);
  for await (const records of log.read(range)) yield records.filter(({ topic, key, offset }) => !forgotten.hides(topic, key, offset));
}
