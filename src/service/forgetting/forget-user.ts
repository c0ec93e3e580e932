/**
 * Forgets one user while the service runs. The partition is held between two batches and what it had to publish is published; then the
 * event is appended with the ends of all topics, and the partition applies it before anything else:
 *
 *     held --(outbox empty)--> appended --(user.forgotten applied)--> state without the user --> file written anew --> released
 *                                                                              the log's records deleted <--+
 *
 * Whatever ends it after the append, the event is in the log: a worker that starts reads it first, and `completeForgets` does the rest.
 */
import type { AuditActor } from '../../events/audit-event.js';
import { actorText } from '../../audit-trail/actor.js';
import { TipstreamError } from '../../errors.js';
import { randomUUID } from 'node:crypto';
import { lookFor } from '../../forgetting/look.js';
import { searchedTopics } from '../../forgetting/records.js';
import { whom } from '../../forgetting/about.js';
import type { ForgetResult } from '../../forgetting/job.js';
import type { Log, RecordAddress } from '../../log/port.js';
import { pause } from '../../back-off.js';
import type { OneAtATime } from '../../one-at-a-time.js';
import { forgottenRecord } from '../../producer/forgotten-record.js';
import { ProfileDigester } from '../../projections/digest.js';
import type { Registry } from '../../projections/registry.js';
import { knownInOrder } from '../../store/queries/profiles.js';
import { FORGOTTEN_TOPIC, fullTopicName, type ForgottenEvent } from '../../topics.js';
import type { ServiceOptions } from '../options.js';
import type { Partition } from '../partition.js';
import { completed, scrubbed, type Erasure } from './complete.js';

export interface ForgetDeps {
  readonly log: Log;
  readonly registry: Registry;
  readonly options: ServiceOptions;
  /** Where the partition's events are folded. Throws not_ready. */
  readonly working: (partition: number) => Partition;
  /** Does work that needs a running partition, again when something passing was in its way. */
  readonly patiently: <T>(work: () => Promise<T>) => Promise<T>;
  /** Nothing else that holds a partition runs at the same time. */
  readonly exclusive: OneAtATime;
  /** The service stops. */
  readonly signal: AbortSignal;
}

export interface ForgetRequest {
  readonly userId: string;
  readonly partition: number;
  readonly dryRun: boolean;
  readonly reason?: string | undefined;
  readonly by?: AuditActor | undefined;
  readonly onProgress: (done: number, total: number | null) => void;
}

const PUBLISHED_WITHIN_MS = 10_000;
const APPLIED_WITHIN_MS = 30_000;
const ANSWERS_WITHIN_MS = 10_000;
const ASKED_AGAIN_MS = 100;
/** Looking at each takes some tens of microseconds, while the partition is held. */
const MOST_USERS_COMPARED = 50_000;

export async function forgetUser(deps: ForgetDeps, request: ForgetRequest): Promise<ForgetResult> {
  const { log, options, working, patiently, exclusive, signal } = deps;
  const { dataDirectory, topicPrefix } = options;
  const { userId, partition, onProgress } = request;
  const inState = () => patiently(() => Promise.resolve(working(partition).reader.has(userId)));
  const { result, searched: before } = await lookFor({ log, topicPrefix, dataDirectory, userId, inState, signal, onProgress });
  if (!result.found || request.dryRun) return { ...result, receipt: null };
  signal.throwIfAborted();
  const erasure = await patiently(() => exclusive.run(() => heldAndForgotten(deps, request)));
  if (log.erasing === undefined) await published(working(partition)); // the tombstone
  return { ...result, receipt: await completed(deps, { ...erasure, whom: whom(userId), files: userId }, before) };
}

/** Holds the partition for as long as it takes to append the event, apply it and write the state file anew. */
async function heldAndForgotten(deps: ForgetDeps, request: ForgetRequest): Promise<Omit<Erasure, 'whom' | 'files'>> {
  const { log, options, working } = deps;
  const { userId, partition, reason, by } = request;
  const { clock, topicPrefix, at } = options;
  const held = working(partition);
  try {
    await held.hold();
    await published(held);
    at?.('forget: held');
    const nowMs = clock();
    const users = held.users;
    const compares = users <= MOST_USERS_COMPARED;
    const digestBefore = compares ? digestWithout(held, userId, nowMs) : undefined;
    const inState = held.reader.has(userId);
    const event: ForgottenEvent = {
      forget_id: randomUUID(),
      user_digest: whom(userId).digest,
      forgotten_at_ms: nowMs,
      positions: await endsOf(log, topicPrefix, partition),
      ...(reason === undefined ? {} : { reason }),
      ...(by === undefined ? {} : { by: actorText(by) }),
    };
    const address = await appended(log, forgottenRecord(topicPrefix, partition, event));
    at?.('forget: appended');
    await held.forgetTo(fullTopicName(topicPrefix, FORGOTTEN_TOPIC), address.offset + 1, APPLIED_WITHIN_MS);
    at?.('forget: applied');
    const digestAfter = compares ? digestWithout(held, userId, nowMs) : undefined;
    const rewritten = await scrubbed(() => held.scrub(), held.reader.path);
    at?.('forget: state rewritten');
    return {
      event,
      address,
      inState,
      rewritten: [rewritten],
      others:
        digestBefore === undefined || digestAfter === undefined
          ? null
          : { users: digestAfter.users, digest_before: digestBefore.digest, digest_after: digestAfter.digest, as_of_ms: nowMs },
    };
  } finally {
    held.release();
  }
}

/**
 * An error leaves open whether the event is in the log. If it is, the partition must not go on before it is applied: what lies beyond it
 * would be folded first. So the log is asked. Throws what `append` threw.
 */
async function appended(log: Log, record: ReturnType<typeof forgottenRecord>): Promise<RecordAddress> {
  const from = (await log.offsets(record.topic)).get(record.partition)?.end ?? 0;
  try {
    return (await log.append([record]))[0]!;
  } catch (error) {
    const found = await askedFor(log, record, from);
    if (found === undefined) throw error;
    return found;
  }
}

/** Where the record lies, as soon as the log answers. undefined: it is not there, or the log did not answer for a while. */
async function askedFor(log: Log, record: ReturnType<typeof forgottenRecord>, from: number): Promise<RecordAddress | undefined> {
  for (const until = performance.now() + ANSWERS_WITHIN_MS; performance.now() < until; await pause(ASKED_AGAIN_MS)) {
    try {
      return await found(log, record, from);
    } catch {
      // It is away: asked again.
    }
  }
  return undefined;
}

async function found(log: Log, { topic, partition, value }: ReturnType<typeof forgottenRecord>, from: number) {
  const end = (await log.offsets(topic)).get(partition)?.end ?? 0;
  if (from >= end) return undefined;
  for await (const records of log.read({ topic, partition, from, to: end })) {
    const same = records.find((record) => record.value?.equals(value!) === true);
    if (same !== undefined) return { topic, partition, offset: same.offset };
  }
  return undefined;
}

async function published(held: Partition): Promise<void> {
  const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), PUBLISHED_WITHIN_MS).unref());
  if ((await Promise.race([held.flushed(), late])) !== 'late' && held.backlog === 0) return;
  throw new TipstreamError(
    'log_unavailable',
    `partition ${held.number} could not publish what it had to within ${PUBLISHED_WITHIN_MS / 1000} s`,
    {
      hint: 'Run it again when the log takes messages: nothing was changed.',
    },
  );
}

/** topic -> where the partition of each ends, an open transaction included. */
async function endsOf(log: Log, topicPrefix: string, partition: number): Promise<Record<string, number>> {
  const topics = await log.describeTopics(searchedTopics(topicPrefix));
  const ends: Record<string, number> = {};
  for (const { name } of topics) {
    const end = (await log.highWatermarks(name)).get(partition);
    if (end !== undefined) ends[name] = end;
  }
  return ends;
}

function digestWithout(
  { reader }: Partition,
  userId: string,
  asOfMs: number,
): { readonly digest: string; readonly users: number } | undefined {
  const exactFromMs = reader.exactFromMs();
  if (exactFromMs !== null && asOfMs < exactFromMs) return undefined;
  const digester = new ProfileDigester();
  reader.snapshot(() => {
    for (const user of knownInOrder([reader], asOfMs)) if (user.userId !== userId) digester.add(user.userId, user.features);
  });
  return digester.finish();
}
