/** Who was asked to be forgotten, and what the log says of it, read the obvious way: a list that is looked through for each record. */
import { createHash } from 'node:crypto';
import { TipstreamError } from '../../src/errors.js';
import type { ForgetJob } from '../../src/forgetting/job.js';
import type { LogRecord } from '../../src/log/port.js';
import { FORGOTTEN_TOPIC, type ForgottenEvent } from '../../src/topics.js';
import { requireSame } from './question.js';
import type { World } from './world.js';

export interface Forgotten {
  readonly userId: string;
  /** Counted from 1, over all that was asked for. */
  readonly attempt: number;
  readonly forgetId: string;
  readonly partition: number;
  readonly offset: number;
  /** topic -> next offset */
  readonly positions: Readonly<Record<string, number>>;
}

const LOOKS_EVERY_MS = 20;
const reasonOf = (attempt: number): string => `attempt ${attempt}`;

export class Forgets {
  /** The user of each attempt; the first is attempt 1. */
  readonly #attempts: string[] = [];
  readonly #events: Forgotten[] = [];

  get events(): readonly Forgotten[] {
    return this.#events;
  }

  /** How often it has been asked for. */
  get attempts(): number {
    return this.#attempts.length;
  }

  /** Asks the running service. Resolves when the job is over, undefined when the process is. Throws what the service answers. */
  async ask({ life }: World, userId: string): Promise<ForgetJob | undefined> {
    const attempt = this.#attempts.push(userId);
    let job = await life!.service.forgetUser(userId, { dryRun: false, reason: reasonOf(attempt) });
    while (job.state === 'running') {
      await new Promise((resolve) => setTimeout(resolve, LOOKS_EVERY_MS));
      job = life!.service.forgetJob(job.job_id);
    }
    if (job.error !== undefined) throw new TipstreamError(job.error.code as TipstreamError['code'], job.error.message);
    return job;
  }

  /** The records of user.forgotten, whose value was not made by a producer. */
  read(records: readonly LogRecord[]): void {
    for (const { key, value, partition, offset } of records) {
      const event = JSON.parse(value!.toString()) as ForgottenEvent;
      const attempt = Number(/^attempt (\d+)$/.exec(event.reason ?? '')?.[1]);
      const userId = this.#attempts[attempt - 1]!;
      const digest = createHash('sha256').update(userId, 'utf8').digest('hex');
      requireSame(
        [key!.toString(), event.user_digest],
        [digest, digest],
        `${FORGOTTEN_TOPIC}/${partition}/${offset} names the user of ${attempt}`,
      );
      this.#events.push({ userId, attempt, forgetId: event.forget_id, partition, offset, positions: event.positions });
    }
  }

  /** Whether the record does not exist any more, by the forgettings below that offset of the partition. */
  hides({ topic, partition, offset, key }: Pick<LogRecord, 'topic' | 'partition' | 'offset' | 'key'>, below = Infinity): boolean {
    return this.#events.some(
      (event) =>
        event.partition === partition && event.offset < below && key?.toString() === event.userId && offset < (event.positions[topic] ?? 0),
    );
  }

  /** Whether somebody was forgotten whom the record names, by its key or in its value, before or after it was written. */
  mayHaveTaken({ topic, partition, offset, key, value }: LogRecord): boolean {
    return this.#events.some((event) => {
      const isBelow = event.partition !== partition || offset < (event.positions[topic] ?? 0);
      return isBelow && (key?.toString() === event.userId || usersIn(value).includes(event.userId));
    });
  }

  /** Of an answer given when so many attempts had been made: whether it was forgotten; undefined: it may have been, at that moment. */
  tookAnswer(userId: string, attemptsThen: number, underWay: boolean): boolean | undefined {
    const after = this.#events.filter((event) => event.userId === userId && event.attempt >= attemptsThen);
    if (after.some(({ attempt }) => attempt > attemptsThen)) return true;
    return after.length > 0 && underWay ? undefined : false;
  }
}

/** As an object of JSON says it, bare or in an envelope. */
function usersIn(value: Buffer | null): unknown[] {
  try {
    const object = JSON.parse(String(value)) as { readonly user_id?: unknown; readonly data?: { readonly user_id?: unknown } } | null;
    return [object?.user_id, object?.data?.user_id];
  } catch {
    return [];
  }
}
