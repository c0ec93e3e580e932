/**
 * The newest dead letters of a log, kept in few fields, so that looking again reads only what has come since:
 *
 *     low ........ from ========== to .. end      one partition of a -dlt topic: what lies between `from` and `to` has been read
 *
 * A look first reads what was added since, up to `end`, then goes back from `from` a slice at a time, every partition in turn, until the
 * partitions are read whole, MOST_LETTERS are kept, or its time is up. The next look goes on there. Beyond MOST_LETTERS the oldest of the
 * partition that has the most are given up. So what is known is always all that a partition holds from some offset on.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { readDeadLetterReason } from '../events/dead-letter.js';
import { TipstreamError } from '../errors.js';
import { failedAtMs } from '../log/dead-letters.js';
import type { Log, LogRecord, OffsetRange } from '../log/port.js';
import { CONSUMED_TOPICS, deadLetterTopic, fullTopicName, type ConsumedTopic } from '../topics.js';
import { bounded, summaryOf, type DeadLetterSummary } from './summary.js';

export interface KeptLetter {
  /** The input that refused it. */
  readonly input: ConsumedTopic;
  /** Its fields cut at FIELD_CHARACTERS. */
  readonly summary: DeadLetterSummary;
  /** Unix ms; that of the letter where it does not say when its record failed. */
  readonly failedAtMs: number;
}

/** What has been read of one partition. */
export interface ReadPart {
  readonly topic: string;
  readonly partition: number;
  readonly low: number;
  /** Letters from this offset on are known; `low` when all are. */
  readonly from: number;
  /** And up to this one; `end` when all are. */
  readonly to: number;
  readonly end: number;
}

export interface NewestLettersOptions {
  readonly prefix: string;
  /** Of all partitions together; MOST_LETTERS unless given. */
  readonly most?: number;
}

/** About 20 MB where messages are as long as ours. */
export const MOST_LETTERS = 20_000;
const FIELD_CHARACTERS = 300;
const LARGEST_SLICE = 1_000;
/** A slice that took longer than this is halved: records can be a megabyte each. */
const SLICE_MS = 100;

interface Part {
  readonly input: ConsumedTopic;
  readonly topic: string;
  readonly partition: number;
  low: number;
  from: number;
  /** Up to where it has been read. */
  to: number;
  end: number;
  /** Ascending by offset. */
  letters: KeptLetter[];
  slice: number;
}

export class NewestLetters {
  readonly #log: Log;
  readonly #prefix: string;
  readonly #most: number;
  #parts = new Map<string, Part>();
  #looking: Promise<void> | undefined;

  constructor(log: Log, { prefix, most = MOST_LETTERS }: NewestLettersOptions) {
    this.#log = log;
    this.#prefix = prefix;
    this.#most = most;
  }

  /** What was read is read again: records within it may be gone. */
  startAgain(): void {
    this.#parts = new Map();
  }

  /** Partition after partition, ascending by offset. */
  *letters(): Generator<KeptLetter> {
    for (const { letters } of this.#parts.values()) yield* letters;
  }

  get parts(): readonly ReadPart[] {
    return [...this.#parts.values()].map(({ topic, partition, low, from, to, end }) => ({ topic, partition, low, from, to, end }));
  }

  /** Those of which the log holds more than was read. */
  get unread(): readonly ReadPart[] {
    return this.parts.filter(({ low, from, to, end }) => from > low || to < end);
  }

  /** Reads on for about so long; who asks meanwhile waits for the same look. Throws what the log throws. */
  look(forMs: number): Promise<void> {
    this.#looking ??= this.#look(AbortSignal.timeout(forMs)).finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(late: AbortSignal): Promise<void> {
    this.#parts = await this.#standing();
    for (const part of this.#parts.values()) await this.#readOn(part, late);
    this.#giveUpOldest();
    for (;;) {
      const behind = [...this.#parts.values()].filter(({ low, from }) => from > low);
      if (behind.length === 0) return;
      for (const part of behind) {
        if (late.aborted || this.#kept >= this.#most) return;
        await this.#readBack(part, late);
      }
    }
  }

  get #kept(): number {
    return [...this.#parts.values()].reduce((sum, { letters }) => sum + letters.length, 0);
  }

  /** With the ends as they are now. A topic that is not there has no letters. */
  async #standing(): Promise<Map<string, Part>> {
    const inputs = new Map(CONSUMED_TOPICS.map((input) => [deadLetterTopic(fullTopicName(this.#prefix, input)), input]));
    const parts = new Map<string, Part>();
    for (const { name: topic } of await this.#log.describeTopics([...inputs.keys()])) {
      for (const [partition, range] of await this.#log.offsets(topic)) {
        const key = `${topic}/${partition}`;
        parts.set(key, standing(this.#parts.get(key), { input: inputs.get(topic)!, topic, partition }, range));
      }
    }
    return parts;
  }

  /** What was added since. Much of it is skipped: the way back comes to it. */
  async #readOn(part: Part, late: AbortSignal): Promise<void> {
    if (part.end - part.to > this.#most) startAnew(part);
    // With the last one again, which tells whether the topic is still the same.
    const last = part.letters.at(-1);
    let from = last?.summary.offset ?? part.to;
    while (part.to < part.end && !late.aborted) {
      const to = Math.min(part.end, Math.max(from, part.to) + part.slice);
      const records = await this.#slice(part, from, to, late);
      if (records === undefined) return;
      const [first] = records;
      if (last !== undefined && from === last.summary.offset && first?.offset === from && !isSame(letterOf(part.input, first), last))
        return startAnew(part);
      part.letters.push(...records.filter(({ offset }) => offset >= part.to).map((record) => letterOf(part.input, record)));
      from = part.to = to;
    }
  }

  async #readBack(part: Part, late: AbortSignal): Promise<void> {
    const from = Math.max(part.low, part.from - part.slice);
    const records = await this.#slice(part, from, part.from, late);
    if (records === undefined) return;
    part.letters = [...records.map((record) => letterOf(part.input, record)), ...part.letters];
    part.from = from;
  }

  /** undefined: it could not be read whole in time, or retention was quicker. */
  async #slice(part: Part, from: number, to: number, signal: AbortSignal): Promise<LogRecord[] | undefined> {
    await nextTurn(); // the embedded log reads so much without waiting for anything
    const { topic, partition } = part;
    const found: LogRecord[] = [];
    const beganMs = performance.now();
    try {
      for await (const records of this.#log.read({ topic, partition, from, to, signal, raw: true })) found.push(...records);
    } catch (error) {
      if (!(error instanceof TipstreamError && error.code === 'offset_out_of_range')) throw error;
      startAnew(part);
      return undefined;
    }
    const tookMs = performance.now() - beganMs;
    part.slice = Math.max(1, Math.min(LARGEST_SLICE, tookMs > SLICE_MS ? part.slice >> 1 : part.slice * 2));
    return signal.aborted ? undefined : found;
  }

  #giveUpOldest(): void {
    for (let over = this.#kept - this.#most; over > 0; over = this.#kept - this.#most) {
      const part = [...this.#parts.values()].reduce((a, b) => (b.letters.length > a.letters.length ? b : a));
      part.letters = part.letters.slice(Math.min(over, LARGEST_SLICE));
      part.from = part.letters[0]?.summary.offset ?? part.to;
    }
  }
}

/** Nothing is known of it: reading begins at its end, and goes back. */
function startAnew(part: Part): void {
  part.letters = [];
  part.from = part.to = part.end;
}

function standing(known: Part | undefined, named: Pick<Part, 'input' | 'topic' | 'partition'>, { low, end }: OffsetRange): Part {
  if (known === undefined || end < known.to) return { ...named, low, from: end, to: end, end, letters: [], slice: LARGEST_SLICE };
  const letters = known.from >= low ? known.letters : known.letters.filter(({ summary }) => summary.offset! >= low);
  return { ...known, low, end, letters, from: Math.max(low, known.from), to: Math.max(low, known.to) };
}

function letterOf(input: ConsumedTopic, record: LogRecord): KeptLetter {
  const reason = readDeadLetterReason(record.headers);
  const summary = bounded(summaryOf({ record, reason }), FIELD_CHARACTERS);
  return { input, summary, failedAtMs: failedAtMs({ record, reason }) };
}

const isSame = (one: KeptLetter, other: KeptLetter): boolean => JSON.stringify(one) === JSON.stringify(other);
