/** The states of a partition, one after the other, with a worker that does what the test says. */
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type { StartWorker, Worker, WorkerEvents, WorkerStartOptions } from '../../src/consumers/worker/worker-contract.js';
import { TipstreamError } from '../../src/errors.js';
import type { Delivery, Log } from '../../src/log/port.js';
import { runOf } from '../../src/log/record-run.js';
import { HeldPartitions } from '../../src/service/held-partitions.js';
import type { ServiceOptions } from '../../src/service/options.js';
import { Partition } from '../../src/service/partition.js';
import type { PartitionReader } from '../../src/store/queries/partition-reader.js';

const ERROR = new TipstreamError('disk_full', 'the test says so');
const START = {} as WorkerStartOptions;
const DELIVERY: Delivery = { topic: 'tip.served', partition: 0, fromOffset: 0, nextOffset: 1, endOffset: 1, records: runOf([]) };

/** What happened, in order. */
let happened: string[];
let events: WorkerEvents;
beforeEach(() => void (happened = []));

const startWorker: StartWorker = (_, given) => {
  events = given;
  happened.push('worker started');
  return { deliver: () => void happened.push('delivered'), close: () => void happened.push('worker closed') } as unknown as Worker;
};

function opened(name = 'file', before?: Partition): Partition {
  const reader = { positions: () => new Map(), close: () => void happened.push(`${name} closed`) } as unknown as PartitionReader;
  return new Partition({
    number: 0,
    log: {} as Log,
    reader,
    options: { logger: pino({ level: 'silent' }), clock: Date.now, dataDirectory: 'data' } as ServiceOptions,
    before,
    onCommitted: () => undefined,
    onPublished: () => undefined,
    onDeadLetterRefused: () => undefined,
    onStopped: ({ code }) => void happened.push(`stopped: ${code}`),
    resume: () => undefined,
  });
}

function running(): Partition {
  const partition = opened();
  partition.begin(startWorker, START);
  events.running();
  expect(partition.life.state).toBe('running');
  happened.length = 0;
  return partition;
}

describe('a partition', () => {
  it('is opened, restored and runs', () => {
    const partition = opened();
    expect(partition.life).toEqual({ state: 'opening', before: undefined });
    expect(partition.deliver(DELIVERY)).toBe(false);
    partition.begin(startWorker, START);
    expect(partition.life.state).toBe('restoring');
    events.running();
    expect(partition.life.state).toBe('running');
    expect(partition.deliver(DELIVERY)).toBe(true);
    expect(happened).toEqual(['worker started', 'delivered']);
  });

  it('keeps what is delivered while the log is compared for the worker that begins afterwards', async () => {
    const partition = opened();
    partition.begin(startWorker, START, () => Promise.resolve());
    expect(partition.life.state).toBe('checking');
    expect(partition.deliver(DELIVERY)).toBe(true);
    expect(happened).toEqual([]);
    await partition.opened();
    expect(partition.life.state).toBe('restoring');
    expect(happened).toEqual(['worker started', 'delivered']);
  });

  it('stops when the log is another, and no worker begins', async () => {
    const partition = opened();
    partition.begin(startWorker, START, () => Promise.reject(ERROR));
    await partition.opened();
    expect(partition.life).toEqual({ state: 'stopped', error: ERROR });
    expect(happened).toEqual(['stopped: disk_full']);
  });

  it('gets no worker when it was closed while the log was compared', async () => {
    const partition = opened();
    let pass: () => void = () => undefined;
    partition.begin(startWorker, START, () => new Promise((resolve) => (pass = resolve)));
    const over = partition.opened();
    partition.close();
    pass();
    await over;
    expect(partition.life.state).toBe('closed');
    expect(happened).toEqual(['file closed']);
  });

  it('stops once, and says why to whoever asks; its file stays open until it is closed', async () => {
    const partition = running();
    events.stopped(ERROR);
    events.stopped(new TipstreamError('internal', 'another'));
    expect(happened).toEqual(['worker closed', 'stopped: disk_full']);
    expect(partition.deliver(DELIVERY)).toBe(false);
    expect(() => partition.hold()).toThrow(ERROR);
    await partition.idle();
    partition.close();
    expect(happened).toEqual(['worker closed', 'stopped: disk_full', 'file closed']);
  });

  it('does not run again when its worker says so after it was closed', () => {
    const partition = running();
    partition.close();
    events.running();
    expect(partition.life.state).toBe('closed');
    expect(happened).toEqual(['file closed', 'worker closed']);
  });
});

describe('a partition that takes the place of another', () => {
  const held = new HeldPartitions();

  it('is read from once it has begun, and the one before is closed then', () => {
    const before = running();
    held.take(before);
    const next = opened('next', before.handOver());
    held.take(next);
    expect([held.reading(0), held.readable, held.working]).toEqual([before, [before], [next]]);
    next.begin(startWorker, START);
    expect([held.reading(0), held.readable]).toEqual([next, [next]]);
    expect(happened).toEqual(['worker started', 'file closed', 'worker closed']);
  });

  it('and of one that had not begun reads from where that one did; nothing stays open', () => {
    const before = running();
    const between = opened('between', before.handOver());
    const next = opened('next', between.handOver());
    held.take(next);
    expect(held.reading(0)).toBe(before);
    expect(between.life.state).toBe('closed');
    expect(happened).toEqual(['between closed']);
    expect(held.giveUp(0)).toBe(true);
    expect(happened).toEqual(['between closed', 'next closed', 'file closed', 'worker closed']);
  });

  it('closes the one before when it stops', () => {
    const before = running();
    const next = opened('next', before.handOver());
    held.take(next);
    next.stop(ERROR);
    expect(happened).toEqual(['file closed', 'worker closed']);
    expect([held.reading(0), held.working, [...held.stopped]]).toEqual([next, [], [[0, ERROR]]]);
  });
});

it('a partition that could not be opened is stopped, and there is nothing to read of it', () => {
  const held = new HeldPartitions();
  held.couldNotOpen(0, ERROR);
  expect([held.numbers, held.held, held.readable, [...held.stopped]]).toEqual([[0], [], [], [[0, ERROR]]]);
  expect(held.giveUp(0)).toBe(false);
  expect(held.stopped.size).toBe(0);
});
