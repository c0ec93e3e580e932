/**
 * Reads one partition without a group, from any offset to any other; what is not there yet is waited for. The next fetch is on
 * its way while the records of the last one are being used.
 */
import type { LogRecord, ReadRange } from '../port.js';
import { type Connection, partitionsOf } from './connection.js';
import { errorFromCode, type Cluster } from './internals.js';
import { offsetOutOfRange } from './failures.js';
import { fetchFrom, type FetchedPartition, type FetchOptions } from './fetch-request.js';
import { offsetRange, partitionNotFound } from './offset-ranges.js';
import { inParts, recordsOf, splitBatches } from './record-batch.js';
import { backOff, DESCRIBED_WITHIN_MS, retrying } from './retry.js';

const OFFSET_OUT_OF_RANGE = 1;
/** Of a broker that is away, for a read to a given end; one that follows the log waits as long as it takes. */
const GIVES_UP_AFTER_MS = 60_000;
const FOLLOW_WAIT_MS = 500;
/** Records yielded at once, more or less: batches are not split. */
const YIELD_RECORDS = 5000;
/** The broker sends the first batch whole, however little is asked for: enough for one record. */
const ONE_BATCH_BYTES = 1;

export async function* readPartition(connection: Connection, range: ReadRange): AsyncGenerator<readonly LogRecord[], void, void> {
  const { topic, partition, from, signal } = range;
  if (signal?.aborted === true) return;
  const { low, end } = await offsetRange(connection, topic, partition);
  if (from < low || from > end) throw offsetOutOfRange(topic, partition, from, low, end);
  const follow = new Follower(connection);
  try {
    yield* readOn(connection, range, end, follow);
  } catch (error) {
    throw connection.failure(error, `read ${topic}/${partition}`);
  } finally {
    await follow.close();
  }
}

/** Unix ms of the first record from an offset on, though an open transaction holds it back; null: there is none. */
export function heldSince(connection: Connection, topic: string, partition: number, offset: number): Promise<number | null> {
  return connection.attempt(`read ${topic}/${partition}`, async () => {
    const target = { topic, partition, offset, maxBytes: ONE_BATCH_BYTES, uncommitted: true };
    const { records } = await fetchPartition(connection, connection.reading, target, 0, { withinMs: DESCRIBED_WITHIN_MS });
    for (const batch of splitBatches(records, [])) {
      const found = recordsOf([batch], topic, partition, offset);
      if (found.length > 0) return found.timestampAt(0);
    }
    return null;
  });
}

async function* readOn(
  connection: Connection,
  range: ReadRange,
  knownEnd: number,
  follow: Follower,
): AsyncGenerator<readonly LogRecord[], void, void> {
  const { topic, partition, from, to = Infinity, signal } = range;
  const fetchFromOffset = (offset: number, end: number): Promise<FetchedPartition> => {
    const waiting = offset >= end;
    return fetchPartition(
      connection,
      waiting ? follow.cluster : connection.reading,
      { topic, partition, offset, ...(to - offset === 1 ? { maxBytes: ONE_BATCH_BYTES } : {}) },
      waiting ? FOLLOW_WAIT_MS : 0,
      {
        signal,
        ...(range.to === undefined ? {} : { withinMs: GIVES_UP_AFTER_MS }),
      },
    );
  };
  let position = from;
  let next = position < to ? fetchFromOffset(position, knownEnd) : null;
  while (next !== null) {
    const fetched = await unlessAborted(next, signal);
    if (fetched === null) return;
    const batches = splitBatches(fetched.records, fetched.aborted);
    const reached = Math.max(position, (batches.at(-1)?.lastOffset ?? -1) + 1);
    if (batches.length === 0 && position < fetched.lastStableOffset) await backOff(0, signal);
    next = reached < to ? fetchFromOffset(reached, fetched.lastStableOffset) : null;
    next?.catch(() => undefined); // awaited above, or not wanted any more
    for (const some of inParts(batches, YIELD_RECORDS)) {
      const records = [...recordsOf(some, topic, partition, position, to)];
      if (records.length > 0) yield records;
      if (signal?.aborted === true) return;
    }
    if (signal?.aborted === true) return;
    position = reached;
  }
}

/** Fetches one partition from whoever leads it. @throws offset_out_of_range */
async function fetchPartition(
  connection: Connection,
  cluster: Cluster,
  target: FetchOptions,
  waitMs: number,
  limits: { signal?: AbortSignal | undefined; withinMs?: number },
): Promise<FetchedPartition> {
  const { topic, partition, offset } = target;
  return retrying(
    async (attempt) => {
      const leader = (await partitionsOf(cluster, topic, attempt > 0)).find(({ partitionId }) => partitionId === partition)?.leader;
      if (leader === undefined) throw partitionNotFound(topic, partition);
      const { partitions } = await fetchFrom(cluster, leader, [target], waitMs);
      const [fetched] = partitions;
      if (fetched?.errorCode === 0) return fetched;
      if (fetched?.errorCode !== OFFSET_OUT_OF_RANGE) throw errorFromCode(fetched?.errorCode ?? -1);
      const { low, end } = await offsetRange(connection, topic, partition);
      throw offsetOutOfRange(topic, partition, offset, low, end);
    },
    {
      ...limits,
      onRetry: (error) => connection.log('warn', 'A fetch failed and is tried again', { topic, partition, offset, error: String(error) }),
    },
  );
}

/** The connections of a read that waits for new records, opened when it first does. */
class Follower {
  #cluster: Cluster | undefined;

  constructor(readonly connection: Connection) {}

  get cluster(): Cluster {
    return (this.#cluster ??= this.connection.newCluster());
  }

  async close(): Promise<void> {
    if (this.#cluster !== undefined) await this.connection.closeCluster(this.#cluster);
  }
}

/** The promise's value, or null as soon as the signal aborts. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T | null> {
  if (signal === undefined) return promise;
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<null>((resolve) => {
    onAbort = () => resolve(null);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) resolve(null);
  });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', onAbort!));
}
