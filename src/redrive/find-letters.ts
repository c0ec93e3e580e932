/** The dead letters that somebody chose, each refused record once. */
import { readKeptPayload } from '../events/dead-letter.js';
import { addressText } from '../events/redrive.js';
import type { ForgottenOffsets } from '../events/forgotten-offsets.js';
import { readDeadLetters, type DeadLetter, type DeadLetterFilter } from '../log/dead-letters.js';
import { readForgotten } from '../log/forgotten.js';
import type { Log } from '../log/port.js';
import { recordHash } from '../log/record-hash.js';
import { deadLetterTopic, inputOfDeadLetterTopic } from '../topics.js';
import { TipstreamError } from '../errors.js';
import type { ConsumedTopic } from '../topics.js';
import type { Letter } from './letter.js';

export interface LettersFilter extends DeadLetterFilter {
  /** More are refused as invalid_argument: each is held in memory. */
  readonly mostLetters?: number | undefined;
  /** Letters of these are left out. */
  readonly closedTopics?: readonly string[] | undefined;
}

export interface FoundLetters {
  readonly letters: readonly Letter[];
  /** Input -> how many were left out because it is closed. */
  readonly closed: ReadonlyMap<ConsumedTopic, number>;
}

/**
 * Topic after topic, partition after partition, ascending by offset. Of several letters of one record the first is taken; of users who are
 * forgotten none, also where a process died before it had deleted them.
 */
export async function findLetters(log: Log, filter: LettersFilter): Promise<FoundLetters> {
  const { mostLetters: most = Infinity, closedTopics = [] } = filter;
  const letters = new Map<string, Letter>();
  const closed = new Map<ConsumedTopic, number>();
  const hidden = hiddenIn(log, filter);
  for await (const found of readDeadLetters(log, filter)) {
    const letter = letterOf(found, filter.prefix);
    if (letter === undefined || (await hidden(letter.source, found.record.key))) continue;
    const identity = addressText(letter.source ?? letter.address);
    if (closedTopics.includes(letter.input)) closed.set(letter.input, (closed.get(letter.input) ?? 0) + 1);
    else if (!letters.has(identity)) letters.set(identity, letter);
    if (letters.size > most) throw tooMany(most);
  }
  return { letters: [...letters.values()], closed };
}

/** Whether a record with that key does not exist any more; who is forgotten is read once for each partition. */
function hiddenIn(
  log: Log,
  { prefix: topicPrefix, signal }: LettersFilter,
): (source: Letter['source'], key: Buffer | null) => Promise<boolean> {
  const forgotten = new Map<number, ForgottenOffsets>();
  return async (source, key) => {
    if (source === null) return false;
    const { topic, partition, offset } = source;
    const known = forgotten.get(partition) ?? (await readForgotten(log, { topicPrefix, partition, signal }));
    forgotten.set(partition, known);
    return known.hides(topic, key, offset);
  };
}

function tooMany(most: number): TipstreamError {
  return new TipstreamError('invalid_argument', `more than ${most} dead letters match`, {
    hint: 'Choose fewer by topic, code or time, or run `tipstream dead-letters redrive`, which has no such bound. Nothing was sent.',
    details: { most },
  });
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
