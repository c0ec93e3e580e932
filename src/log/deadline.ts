/** How long an answer of the log is waited for, by those who ask and must go on without one. */
import { TipstreamError } from '../errors.js';
import type { Log, LogRecord, ReadRange } from './port.js';

/** Milliseconds, for an HTTP request or a question of a command, unless --log-timeout-ms says otherwise. */
export const LOG_TIMEOUT_MS = 5_000;
/** The last part of a wait: what came while this process was busy is still read in it. */
const LAST_PART = 0.1;

export interface LogDeadlines {
  /** For a question about topics, offsets or the group, ms. */
  readonly questionMs: number;
  /** For a write, and for each piece of what is read up to a given end, ms. */
  readonly transferMs: number;
  /** A caller's whole patience: waits add up, and only a write that succeeded begins anew. */
  readonly addsUp?: boolean | undefined;
  /** As in an error: "Kafka at HOST:PORT". */
  readonly where: string;
}

/**
 * Resolves or rejects as the work does; rejects with what `late` answers when that takes longer. The work goes on then, and nobody
 * hears how it ended.
 */
export async function answeredWithin<T>(limitMs: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        timer = setTimeout(() => reject(late()), limitMs * LAST_PART);
      },
      limitMs * (1 - LAST_PART),
    );
  });
  work.catch(() => undefined); // it may fail when nobody waits any more
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

/** The log, with an end to every wait for it but that for new records. Each call may throw log_unavailable besides what it throws. */
export function withDeadlines(log: Log, { questionMs, transferMs, addsUp = false, where }: LogDeadlines): Log {
  let spentMs = 0;
  const bounded = async <T>(limitMs: number, action: string, ask: () => Promise<T>, onLate?: () => void): Promise<T> => {
    const beganMs = performance.now();
    try {
      return await answeredWithin(addsUp ? Math.max(1, limitMs - spentMs) : limitMs, ask(), () => {
        onLate?.();
        return noAnswer(where, limitMs, action);
      });
    } finally {
      spentMs += performance.now() - beganMs;
    }
  };
  return {
    kind: log.kind,
    createTopics: (topics) => bounded(transferMs, 'create topics', () => log.createTopics(topics)),
    describeTopics: (names) => bounded(questionMs, `describe ${names.join(', ')}`, () => log.describeTopics(names)),
    async append(records, signal) {
      const late = new AbortController();
      const either = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
      const addresses = await bounded(
        transferMs,
        'append records',
        () => log.append(records, either),
        () => late.abort(),
      );
      spentMs = 0;
      return addresses;
    },
    offsets: (topic) => bounded(questionMs, `list the offsets of ${topic}`, () => log.offsets(topic)),
    highWatermarks: (topic) => bounded(questionMs, `list the ends of ${topic}`, () => log.highWatermarks(topic)),
    heldSince: (topic, partition, offset) =>
      bounded(questionMs, `read ${topic}/${partition}`, () => log.heldSince(topic, partition, offset)),
    read: (range) =>
      range.to === undefined
        ? log.read(range)
        : readWithin(log, range, (piece, onLate) => bounded(transferMs, `read ${range.topic}/${range.partition}`, () => piece, onLate)),
    committed: (group, topic) => bounded(questionMs, `fetch the committed offsets of ${group}`, () => log.committed(group, topic)),
    describeGroup: (group) => bounded(questionMs, `describe group ${group}`, () => log.describeGroup(group)),
    ...(log.withPayloads === undefined ? {} : { withPayloads: (records, signal) => log.withPayloads!(records, signal) }),
    ...(log.registryFacts === undefined ? {} : { registryFacts: log.registryFacts }),
    join: (options) => log.join(options),
    erasing: log.erasing,
    close: () => log.close(),
  };
}

export function noAnswer(where: string, limitMs: number, action: string): TipstreamError {
  return new TipstreamError('log_unavailable', `${where} did not answer within ${limitMs / 1000} s: could not ${action}`, {
    hint: 'Check that it runs and can be reached from here; --log-timeout-ms sets how long commands and requests wait.',
    details: { timeout_ms: limitMs },
  });
}

/** Of `start`, which has tried again and again; `last` is why it failed the last time, if anything was answered. */
export function gaveUp(where: string, afterMs: number, action: string, last?: TipstreamError): TipstreamError {
  // A single try ends with the same words and a shorter time.
  const [, shorter] = last?.message.split(`${where} did not answer within `) ?? [];
  const reason = shorter?.replace(/^.*? s: /, '') ?? last?.message ?? `could not ${action}`;
  return new TipstreamError('log_unavailable', `${where} did not answer within ${afterMs / 1000} s: ${reason}`, {
    hint: `${last?.hint ?? 'Check that the brokers run, and their addresses.'} --start-timeout-ms sets how long start keeps trying.`,
    details: { timeout_ms: afterMs, ...(last === undefined ? {} : { reason: last.message }) },
    cause: last,
  });
}

type Bounded = (piece: Promise<IteratorResult<readonly LogRecord[]>>, onLate: () => void) => Promise<IteratorResult<readonly LogRecord[]>>;

async function* readWithin(log: Log, range: ReadRange, bounded: Bounded): AsyncGenerator<readonly LogRecord[], void, void> {
  const late = new AbortController();
  const signal = range.signal === undefined ? late.signal : AbortSignal.any([range.signal, late.signal]);
  const pieces = log.read({ ...range, signal })[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const piece = await bounded(pieces.next(), () => late.abort());
      if (piece.done === true) {
        ended = true;
        return;
      }
      yield piece.value;
    }
  } finally {
    late.abort();
    // What is under way may never end: nobody waits for it.
    if (!ended) void pieces.return?.()?.catch(() => undefined);
  }
}
