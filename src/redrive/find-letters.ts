/** The dead letters that somebody chose, each refused record once. */
import { readKeptPayload } from '../events/dead-letter.js';
import { addressText } from '../events/redrive.js';
import { readDeadLetters, type DeadLetter, type DeadLetterFilter } from '../log/dead-letters.js';
import type { Log } from '../log/port.js';
import { recordHash } from '../log/record-hash.js';
import { deadLetterTopic, inputOfDeadLetterTopic } from '../topics.js';
import type { Letter } from './letter.js';

/** Topic after topic, partition after partition, ascending by offset. Of several letters of one record the first is taken. */
export async function findLetters(log: Log, filter: DeadLetterFilter): Promise<Letter[]> {
  const letters = new Map<string, Letter>();
  for await (const found of readDeadLetters(log, filter)) {
    const letter = letterOf(found, filter.prefix);
    if (letter === undefined) continue;
    const identity = addressText(letter.source ?? letter.address);
    if (!letters.has(identity)) letters.set(identity, letter);
  }
  return [...letters.values()];
}

function letterOf({ record, reason }: DeadLetter, prefix: string): Letter | undefined {
  const input = inputOfDeadLetterTopic(prefix, record.topic);
  if (input === undefined) return undefined;
  const { topic, partition, offset, key, value } = record;
  const kept = readKeptPayload(record.headers);
  const says = reason.topic !== null && reason.partition !== null && reason.offset !== null && deadLetterTopic(reason.topic) === topic;
  return {
    address: { topic, partition, offset },
    input,
    source: says ? { topic: reason.topic!, partition: reason.partition!, offset: reason.offset! } : null,
    code: reason.code,
    redriveCount: reason.redriveCount ?? 0,
    hash: kept === undefined ? recordHash({ key, value, timestampMs: 0 }) : null,
    kept,
  };
}
