/**
 * Whether the log is the one that a state file was folded from. The file keeps, per topic, the offset of the record applied last and a
 * hash of what it contained; the record that the log holds there must be that one. A topic that was deleted and filled again, a log
 * that lost its tail and was written anew beyond it, another cluster under the same names: all have offsets that fit and another
 * record.
 *
 * Where the log does not hold that record any more - retention, compaction - nothing can be said.
 */
import { TipstreamError } from '../../errors.js';
import type { Log, LogRecord, OffsetRange } from '../port.js';
import { backOffMs, OPENING, pause } from '../../back-off.js';
import type { AppliedRecord } from '../record-hash.js';
import { findRecord } from './known-record.js';

export interface IdentityOptions {
  readonly partition: number;
  /** Of the state file, for the hint. */
  readonly path: string;
  /** Topic -> the record applied last, as the state file has it. */
  readonly applied: ReadonlyMap<string, AppliedRecord>;
  /** Topic -> what the log holds. */
  readonly ranges: ReadonlyMap<string, OffsetRange>;
  readonly signal?: AbortSignal;
  /** Called with each record that the log still holds. */
  readonly onSame?: (record: LogRecord) => void;
}

/** A topic of which nothing can be said: the record is below the low end (`deleted`), or gone from within the log (`compacted`). */
export interface Unidentified {
  readonly topic: string;
  readonly offset: number;
  readonly why: 'deleted' | 'compacted';
}

type Finding = Unidentified | { readonly topic: string; readonly offset: number; readonly why: 'same' | 'other' };

/**
 * Reads one record a topic, all topics at once, and answers those of which nothing can be said. Throws log_changed where the log holds
 * another record, offset_out_of_range where it ends before, and what reading throws. Answers early, with nothing, when the signal
 * aborts.
 */
export async function checkLogIdentity(log: Log, question: IdentityOptions): Promise<readonly Unidentified[]> {
  const findings = await Promise.all([...question.applied].map(([topic, applied]) => compare(log, question, topic, applied)));
  if (question.signal?.aborted === true) return [];
  const changed = findings.filter(({ why }) => why === 'other');
  if (changed.length > 0) throw logChanged(question, changed);
  return findings.filter((finding): finding is Unidentified => finding.why === 'deleted' || finding.why === 'compacted');
}

/** As `checkLogIdentity`; a log that is away is tried again until it answers or the signal aborts. */
export async function checkLogIdentityPatiently(
  log: Log,
  question: IdentityOptions & { readonly signal: AbortSignal },
  onRetry: (error: TipstreamError, attempt: number) => void,
): Promise<readonly Unidentified[]> {
  const { signal } = question;
  for (let attempt = 1; ; attempt++) {
    try {
      return await checkLogIdentity(log, question);
    } catch (error) {
      if (signal.aborted) return [];
      if (!(error instanceof TipstreamError && error.retryable)) throw error;
      onRetry(error, attempt);
      await pause(backOffMs(OPENING, attempt), signal);
      if (signal.aborted) return [];
    }
  }
}

async function compare(
  log: Log,
  { partition, ranges, signal, onSame }: IdentityOptions,
  topic: string,
  record: AppliedRecord,
): Promise<Finding> {
  const range = ranges.get(topic);
  const why = await findRecord(log, { topic, partition, record, range, signal, onSame });
  if (why === 'beyond_end') throw outOfRange(topic, partition, record.offset, range!);
  return { topic, offset: record.offset, why };
}

function logChanged({ partition, path }: IdentityOptions, changed: readonly Finding[]): TipstreamError {
  const [{ topic, offset }] = changed as [Finding];
  const others =
    changed.length === 1
      ? ''
      : ` (and so it is in ${changed
          .slice(1)
          .map((other) => other.topic)
          .join(', ')})`;
  return new TipstreamError(
    'log_changed',
    `${topic} partition ${partition} holds another record at offset ${offset} than the one that was applied${others}: ` +
      `the topic was deleted and filled again, the log lost its tail and was written anew, or this is another cluster's log`,
    {
      hint:
        'Nothing was reset. With the wrong log, give --brokers, --topic-prefix and --data that belong together. If the ' +
        `log is right, the state holds events that are in no log any more: move ${path} (with its -wal and -shm) away ` +
        'and start again; the partition is then folded from what the log holds now.',
      details: { topic, partition, offset, topics: changed.map((one) => one.topic) },
    },
  );
}

function outOfRange(topic: string, partition: number, offset: number, { low, end }: OffsetRange): TipstreamError {
  return new TipstreamError(
    'offset_out_of_range',
    `the log of ${topic} partition ${partition} ends at offset ${end}, but the state has applied the ` +
      `record at ${offset}: the topic was recreated or lost its tail`,
    {
      hint:
        'Nothing was reset. Use the data directory that belongs to this log; if the log is ' +
        'right, move the state file away and start again.',
      details: { topic, partition, offset, low, end },
    },
  );
}
