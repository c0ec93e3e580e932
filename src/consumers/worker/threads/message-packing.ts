/**
 * Messages of an outbox on their way to the thread that publishes them: keys and values in one block, which is handed over. One by one,
 * each would be cloned, and then collected, on its own.
 */
import { NULL } from '../../../log/packed-run.js';
import type { StoredMessage } from '../../../store/tables/outbox.js';
import { type ClonedHeaders, clonedHeaders, withBuffers } from './record-packing.js';

/** Per message: its number, that of its topic, the lengths of its key and of its value. */
const NUMBERS = 4;

export interface PackedMessages {
  readonly topics: readonly string[];
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly block: Uint8Array<ArrayBuffer>;
  /** Of those that have any, by their index. */
  readonly headers: ReadonlyMap<number, ClonedHeaders>;
}

export function packMessages(messages: readonly StoredMessage[]): PackedMessages {
  const bytes = messages.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0);
  const block = new Uint8Array(bytes);
  const numbers = new Float64Array(messages.length * NUMBERS);
  const topics: string[] = [];
  const headers = new Map<number, ClonedHeaders>();
  let at = 0;
  let n = 0;
  const add = (part: Buffer | null): void => {
    numbers[n++] = part?.length ?? NULL;
    if (part === null) return;
    block.set(part, at);
    at += part.length;
  };
  for (const [index, { seq, topic, key, value, headers: named }] of messages.entries()) {
    const known = topics.indexOf(topic);
    numbers[n++] = seq;
    numbers[n++] = known < 0 ? topics.push(topic) - 1 : known;
    add(key);
    add(value);
    if (named.length > 0) headers.set(index, clonedHeaders(named));
  }
  return { topics, numbers, block, headers };
}

export function unpackMessages({ topics, numbers, block: { buffer }, headers }: PackedMessages): StoredMessage[] {
  let at = 0;
  const take = (length: number): Buffer | null => {
    if (length === NULL) return null;
    at += length;
    return Buffer.from(buffer, at - length, length);
  };
  return Array.from({ length: numbers.length / NUMBERS }, (_, index) => {
    const n = index * NUMBERS;
    return {
      seq: numbers[n]!,
      topic: topics[numbers[n + 1]!]!,
      key: take(numbers[n + 2]!),
      value: take(numbers[n + 3]!),
      headers: withBuffers(headers.get(index) ?? []),
    };
  });
}
