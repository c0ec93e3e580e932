/**
 * Scenarios of a partition's life: records that collide, cut into appends at will, with refused ones between them, and after each
 * append nothing, an orderly restart, a crash, or a fault in the middle of the worker's next steps.
 */
import fc from 'fast-check';
import type { NewRecord } from '../../../src/log/port.js';
import type { TopicName } from '../../../src/topics.js';
import type { EmbeddedService } from './service.js';
import { turns, type EmbeddedOptions } from './service.js';
import { addressOf } from './history.js';

export interface PlannedRecord {
  readonly topic: TopicName;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: NewRecord['headers'];
  readonly partition?: number;
  /** The code it must be refused with; undefined for a valid one. */
  readonly refused?: string;
}

export type Then =
  | { readonly do: 'nothing' | 'restart' }
  /** A crash after which the state files are gone too. */
  | { readonly do: 'forget'; readonly afterTurns: number }
  | { readonly do: 'crash'; readonly afterTurns: number }
  | { readonly do: 'fault'; readonly atClockCall: number }
  | { readonly do: 'lose'; readonly afterAppends: number; readonly slowBy: number; readonly kind: 'refused' | 'unacknowledged' };

export interface Life {
  /** How many records each append takes, over and over. */
  readonly sizes: readonly number[];
  /** What follows each append, over and over. */
  readonly thens: readonly Then[];
  readonly maxBatchRecords: number;
  readonly maxTaskIdleMs: number;
  readonly partitions: number;
  readonly publishProfiles: boolean;
  /** Drives the order of records and their timestamps. */
  readonly shuffle: number;
}

const then: fc.Arbitrary<Then> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Then>({ do: 'nothing' }) },
  { weight: 1, arbitrary: fc.constant<Then>({ do: 'restart' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), afterTurns: fc.integer({ min: 0, max: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const), afterTurns: fc.integer({ min: 0, max: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fault' as const), atClockCall: fc.integer({ min: 0, max: 12 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('lose' as const),
      afterAppends: fc.integer({ min: 0, max: 3 }),
      slowBy: fc.constantFrom(0, 6),
      kind: fc.constantFrom('refused' as const, 'unacknowledged' as const),
    }),
  },
);

export const life: fc.Arbitrary<Life> = fc.record({
  sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }),
  thens: fc.array(then, { minLength: 1, maxLength: 6 }),
  maxBatchRecords: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(20_000)),
  maxTaskIdleMs: fc.constantFrom(0, 5),
  partitions: fc.integer({ min: 1, max: 3 }),
  publishProfiles: fc.boolean(),
  shuffle: fc.integer(),
});

/** A small generator of numbers in [0, 1) (mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function shuffled<T>(items: readonly T[], next: () => number): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}

/**
 * A worker's clock that says one time after the other, over and over, and can be made to throw at its n-th call from now, and from
 * then on.
 */
export class FaultyClock {
  readonly #nowsMs: readonly number[];
  #calls = 0;
  #left = Infinity;

  constructor(nowsMs: readonly number[]) {
    this.#nowsMs = nowsMs;
  }

  readonly read = (): number => {
    if (this.#left-- <= 0) throw new Error('the test broke the clock here');
    return this.#nowsMs[this.#calls++ % this.#nowsMs.length]!;
  };

  breakAfter(calls: number): void {
    this.#left = calls;
  }

  mend(): void {
    this.#left = Infinity;
  }
}

export interface Lived {
  /** Addresses of records that must be refused -> what they were. */
  readonly refused: ReadonlyMap<string, PlannedRecord>;
  readonly clock: FaultyClock;
}

/** Lives through `records` and leaves the service running and caught up. */
export async function live(
  embedded: EmbeddedService,
  records: readonly PlannedRecord[],
  plan: Life,
  nowsMs: readonly number[],
  options: EmbeddedOptions = {},
): Promise<Lived> {
  const clock = new FaultyClock(nowsMs);
  const next = numbersFrom(plan.shuffle);
  const order = shuffled(records, next);
  const refused = new Map<string, PlannedRecord>();
  const start = async () => {
    clock.mend();
    await embedded.start({
      maxBatchRecords: plan.maxBatchRecords,
      maxTaskIdleMs: plan.maxTaskIdleMs,
      publishProfiles: plan.publishProfiles,
      clock: () => nowsMs[0]!,
      workerClock: clock.read,
      ...options,
    });
  };
  for (let at = 0, step = 0; at < order.length; step++) {
    const part = order.slice(at, at + plan.sizes[step % plan.sizes.length]!);
    at += part.length;
    const addresses = await embedded.log.append(
      part.map((record) => ({
        topic: embedded.topic(record.topic),
        key: record.key,
        value: record.value,
        headers: record.headers ?? [],
        timestampMs: Math.floor(next() * 30),
        ...(record.partition === undefined ? {} : { partition: record.partition }),
      })),
    );
    for (const [i, address] of addresses.entries()) if (part[i]!.refused !== undefined) refused.set(addressOf(address), part[i]!);
    if (!embedded.isRunning) await start();
    await after(plan.thens[step % plan.thens.length]!);
  }
  if (!embedded.isRunning) await start();
  await embedded.catchUp();
  return { refused, clock };

  async function after(what: Then): Promise<void> {
    switch (what.do) {
      case 'nothing':
        return;
      case 'restart':
        return embedded.stop();
      case 'crash':
        await turns(what.afterTurns);
        return embedded.kill();
      case 'forget':
        await turns(what.afterTurns);
        await embedded.kill();
        return embedded.deleteState();
      case 'fault':
        clock.breakAfter(what.atClockCall);
        break;
      case 'lose':
        embedded.faults.slowAppends(what.slowBy);
        embedded.faults.failAppends(what.afterAppends, what.kind);
    }
    await embedded.catchUp().catch(() => undefined);
    await embedded.kill();
  }
}
