/**
 * NDJSON into the log, for `produce` and POST /v1/events. Lines are read, checked and written in batches, so that memory stays bounded
 * however long the input is; with `atomic` everything is held back until the last line has been checked.
 */
import { TipstreamError } from '../errors.js';
import type { Log, NewRecord } from '../log/port.js';
import type { PartitionerName } from '../log/partitioner.js';
import type { TopicName } from '../topics.js';
import { DEFAULT_MAX_VALUE_BYTES } from './encode.js';
import { fullTopicName, topicNamed } from '../topics.js';
import { backDatedRecord } from './back-dated.js';
import { lineError, parseLineObject, readBareEvent, readEventLine, type LineError, type LineErrorCode } from './line.js';
import { MAX_LINE_BYTES, MAX_RAW_LINE_BYTES } from './line-reader.js';
import { PartitionCounts } from './partition-counts.js';
import { PAUSE, withPauses } from './pauses.js';
import { place } from './placement.js';
import { readRawLine } from './raw-line.js';
import { writtenBy } from './written-by.js';

export interface LineRejection {
  /** From 1, blank lines counted. */
  readonly line: number;
  readonly code: LineErrorCode;
  readonly message: string;
}

export interface ProduceResult {
  /** Lines written. */
  readonly accepted: number;
  readonly rejected: number;
  /** The first MAX_ERRORS of them. */
  readonly errors: readonly LineRejection[];
  /** How many more there were, when there were more. */
  readonly errors_omitted?: number;
}

export interface ProduceLinesOptions {
  readonly prefix: string;
  /** What the consumers check; murmur2 unless said otherwise. */
  readonly partitioner?: PartitionerName;
  readonly maxValueBytes?: number;
  /**
   * Write nothing when a line is refused. The checked records wait in memory, MAX_HELD_BYTES of them at most; more throws
   * payload_too_large. (Whoever can read the input twice has no such limit: once with `checkOnly`, then again.) No transaction: if the
   * log fails midway, what was written stays.
   */
  readonly atomic?: boolean;
  /** Check every line and write nothing; `accepted` counts what would have been written. */
  readonly checkOnly?: boolean;
  /** Write without checking events, to the partition and with the key that the line gives: see raw-line.ts. */
  readonly raw?: boolean;
  /** Each line is an event of this topic and nothing else; with `raw` it has no meaning. */
  readonly topic?: TopicName | undefined;
  /** Given: a control that holds from long before that time is refused unless it has a reason. Unix ms. */
  readonly controlsNowMs?: number;
  /** Topics whose lines are refused as forbidden: whoever sends them may not write there. */
  readonly closedTopics?: readonly TopicName[] | undefined;
  /** Given: the records of events say in a header that this caller wrote them. */
  readonly by?: string | undefined;
  /** Stops between batches by throwing the signal's reason; batches already written stay. */
  readonly signal?: AbortSignal;
  /** Called after each batch, with how many lines of it went to each topic, by its full name. */
  readonly onWritten?: ((lines: ReadonlyMap<string, number>) => void) | undefined;
  /** Called for each refused line as it is found, also beyond MAX_ERRORS. */
  readonly onRejection?: (rejection: LineRejection) => void;
}

export const MAX_ERRORS = 10_000;
const MAX_HELD_BYTES = 256 * 1024 * 1024;
const BATCH_RECORDS = 1_000;
const BATCH_BYTES = 4 * 1024 * 1024;
/** How long a line waits for others before it is written, when it comes from a slow pipe. */
const LINGER_MS = 50;
/** What a record costs in memory besides its bytes, so that very many small ones are bounded too. */
const RECORD_OVERHEAD_BYTES = 300;

export async function produceLines(log: Log, lines: AsyncIterable<string | Buffer>, options: ProduceLinesOptions): Promise<ProduceResult> {
  const read = lineReader(log, options);
  const errors: LineRejection[] = [];
  let accepted = 0;
  let rejected = 0;
  let number = 0;
  let held: NewRecord[] = [];
  let heldBytes = 0;
  let heldLines = 0;
  let heldOf = new Map<string, number>();

  const flush = async (): Promise<void> => {
    options.signal?.throwIfAborted();
    if (!options.checkOnly) await append(log, held, accepted);
    accepted += heldLines;
    if (!options.checkOnly && heldLines > 0) options.onWritten?.(heldOf);
    heldOf = new Map();
    held = [];
    heldBytes = heldLines = 0;
  };

  const source = options.atomic || options.checkOnly ? lines : withPauses(lines, LINGER_MS, () => held.length > 0);
  for await (const line of source) {
    if (line === PAUSE) {
      await flush();
      continue;
    }
    number++;
    const outcome = await read(line);
    if (outcome === undefined) continue;
    if ('code' in outcome) {
      const rejection = { line: number, code: outcome.code, message: outcome.message };
      rejected++;
      if (errors.length < MAX_ERRORS) errors.push(rejection);
      options.onRejection?.(rejection);
      if (options.atomic) held = []; // nothing will be written any more; the rest is only checked
      continue;
    }
    heldLines++;
    const { topic } = outcome[0]!;
    heldOf.set(topic, (heldOf.get(topic) ?? 0) + 1);
    if (options.atomic && rejected > 0) continue;
    for (const record of outcome) {
      held.push(record);
      heldBytes += sizeOf(record);
    }
    if (options.atomic && !options.checkOnly) {
      if (heldBytes > MAX_HELD_BYTES) throw tooMuchHeld(number);
    } else if (held.length >= BATCH_RECORDS || heldBytes >= BATCH_BYTES) {
      await flush();
    }
  }
  if (!options.atomic || rejected === 0) await flush();
  return { accepted, rejected, errors, ...(rejected > errors.length ? { errors_omitted: rejected - errors.length } : {}) };
}

type LineReader = (line: string | Buffer) => Promise<readonly NewRecord[] | LineError | undefined>;

function lineReader(log: Log, options: ProduceLinesOptions): LineReader {
  const { prefix, partitioner = 'murmur2', maxValueBytes = DEFAULT_MAX_VALUE_BYTES } = options;
  const counts = new PartitionCounts(log);
  return async (line) => {
    const parsed = parseLineObject(line, options.raw ? MAX_RAW_LINE_BYTES : MAX_LINE_BYTES);
    if (!parsed?.ok) return parsed;
    if (options.raw) {
      const raw = await readRawLine(parsed, prefix, counts);
      return raw.ok ? [raw.record] : raw;
    }
    const { topic } = options;
    const read = topic === undefined ? readEventLine(parsed, prefix, maxValueBytes) : readBareEvent(topic, parsed, prefix, maxValueBytes);
    const written = read.ok ? topicNamed(prefix, read.placement.topic) : undefined;
    if (written !== undefined && options.closedTopics?.includes(written))
      return lineError('forbidden', `this caller may not write to ${written}`);
    const late =
      read.ok && options.controlsNowMs !== undefined && read.placement.topic === fullTopicName(prefix, 'policy.control')
        ? backDatedRecord(read.event.value, read.placement.headers, options.controlsNowMs)
        : undefined;
    if (late !== undefined) return lineError('invalid_event', late);
    if (!read.ok) return read;
    const { placement } = read;
    const signed = options.by === undefined ? placement : { ...placement, headers: writtenBy(placement.headers, options.by) };
    return place(read.event, signed, partitioner, counts);
  };
}

/** In slices: a control record for every one of many partitions, or an atomic input, can be far more than a batch. */
async function append(log: Log, records: readonly NewRecord[], acceptedBefore: number): Promise<void> {
  try {
    for (let start = 0; start < records.length; start += BATCH_RECORDS) await log.append(records.slice(start, start + BATCH_RECORDS));
  } catch (error) {
    if (!(error instanceof TipstreamError) || acceptedBefore === 0) throw error;
    throw new TipstreamError(error.code, `${error.message} (${acceptedBefore} lines had been written)`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      details: { ...error.details, accepted: acceptedBefore },
      cause: error,
    });
  }
}

function sizeOf(record: NewRecord): number {
  let bytes = RECORD_OVERHEAD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const [name, value] of record.headers ?? []) bytes += name.length + (value?.length ?? 0);
  return bytes;
}

function tooMuchHeld(line: number): TipstreamError {
  return new TipstreamError(
    'payload_too_large',
    `atomic input is held in memory, and by line ${line} it exceeds ${MAX_HELD_BYTES / 1_048_576} MiB; nothing was written`,
    {
      hint: 'Give produce the name of a file, which it reads twice, or split the input.',
      details: { line },
    },
  );
}
