/**
 * What the input topics hold of the records that were refused: their times, and which have been put back. The log itself is the only
 * note of what a redrive has sent, so that neither a crash nor another machine can be wrong about it.
 */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TipstreamError } from '../errors.js';
import { addressText, redrivenSource } from '../events/redrive.js';
import type { Log, LogRecord, OffsetRange } from '../log/port.js';
import { recordHash } from '../log/record-hash.js';
import { pause } from '../back-off.js';
import type { Letter, SourceFacts, SourceRecord } from './letter.js';

/** Records behind an open transaction cannot be read yet, and some of them may be ours. */
const HELD_FOR_MS = 10_000;
const ASKED_EVERY_MS = 200;

export interface SourcesOptions {
  readonly signal?: AbortSignal | undefined;
  /** In offsets. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface Sources extends SourceFacts {
  /** Sentences on what the log can no longer tell. */
  readonly notes: readonly string[];
}

/** Throws topic_not_found, not_ready while a transaction hides what was written, and the signal's reason. */
export async function lookAtSources(log: Log, letters: readonly Letter[], { signal, onProgress }: SourcesOptions = {}): Promise<Sources> {
  const wanted = new Map(letters.flatMap((letter) => (letter.source === null ? [] : [[addressText(letter.source), letter] as const])));
  const topics = new Set([...wanted.values()].map(({ source }) => source!.topic));
  const [sources, redriven] = [new Map<string, SourceRecord>(), new Set<string>()];
  const [ranges, notes] = [new Map<string, ReadonlyMap<number, OffsetRange>>(), [] as string[]];
  for (const topic of topics) ranges.set(topic, await rangesWithoutHidden(log, topic, signal));
  let [done, total] = [0, 0];
  for (const ofTopic of ranges.values()) for (const { low, end } of ofTopic.values()) total += end - low;
  for (const [topic, ofTopic] of ranges) {
    for (const [partition, { low, end }] of ofTopic) {
      if (low > 0) notes.push(`${topic} partition ${partition} begins at offset ${low}: what was redriven before that is sent again`);
      if (low >= end) continue;
      for await (const records of log.read({
        topic,
        partition,
        from: low,
        to: end,
        raw: true,
        ...(signal === undefined ? {} : { signal }),
      })) {
        for (const record of records) {
          const repeats = redrivenSource(record.headers);
          if (repeats !== undefined) redriven.add(repeats);
          const letter = wanted.get(addressText(record));
          if (letter !== undefined) sources.set(addressText(record), { timestampMs: record.timestampMs, same: holds(record, letter) });
        }
        done += records.length;
        onProgress?.(done, total);
        signal?.throwIfAborted();
      }
      signal?.throwIfAborted(); // a read that was stopped ends like one that is complete
      await nextTurn(); // the embedded log reads a short partition without waiting for anything
    }
  }
  const described = await log.describeTopics([...topics]);
  const maxBytes = new Map(described.flatMap(({ name, maxMessageBytes: most }) => (most === null ? [] : [[name, most] as const])));
  return { sources, redriven, notes, maxBytes, partitions: new Map([...ranges].map(([topic, ofTopic]) => [topic, ofTopic.size])) };
}

/** Whether the record is the one that the letter is of: topics can be deleted and made again. */
export function holds({ key, value }: LogRecord, { hash, kept }: Letter): boolean {
  if (hash !== null) return recordHash({ key, value, timestampMs: 0 }) === hash;
  const bytes = value ?? Buffer.alloc(0);
  return bytes.length === kept!.bytes && createHash('sha256').update(bytes).digest('hex') === kept!.sha256;
}

async function rangesWithoutHidden(log: Log, topic: string, signal: AbortSignal | undefined): Promise<ReadonlyMap<number, OffsetRange>> {
  const written = await log.highWatermarks(topic);
  const deadline = performance.now() + HELD_FOR_MS;
  for (;;) {
    const ranges = await log.offsets(topic);
    const hidden = [...ranges].find(([partition, { end }]) => end < (written.get(partition) ?? 0));
    if (hidden === undefined) return ranges;
    if (performance.now() > deadline)
      throw new TipstreamError(
        'not_ready',
        `an open transaction hides what ${topic} partition ${hidden[0]} holds from offset ${hidden[1].end}`,
        {
          hint: 'Run it again when the producer of that transaction has ended it: only then is it known what was redriven before.',
          details: { topic, partition: hidden[0], offset: hidden[1].end },
        },
      );
    await pause(ASKED_EVERY_MS, signal);
  }
}
