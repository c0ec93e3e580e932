/** What a worker thread that dies takes with it, and what not. */
import { afterEach, describe, expect, it } from 'vitest';
import { ThreadWorkers } from '../../../../src/consumers/worker/threads/thread-workers.js';
import { runOf } from '../../../../src/log/record-run.js';
import type { Worker, WorkerEvents, WorkerStartOptions } from '../../../../src/consumers/worker/worker-contract.js';
import type { TipstreamError } from '../../../../src/errors.js';

/** Answers `idle` and `drain`, never answers `hold`, and dies of a delivery: of topic `throw` by an error, of any other without a word. */
const ENTRY = new URL(
  `data:text/javascript,${encodeURIComponent(`
  import { parentPort } from 'node:worker_threads';
  parentPort.on('message', (commands) => {
    for (const { type, call, delivery } of commands) {
      if (type === 'end') parentPort.close();
      if (type === 'deliver' && delivery.topic === 'throw') throw new Error('out of luck');
      if (type === 'deliver') process.exit(7);
      if (type === 'idle' || type === 'drain') parentPort.postMessage({ type: 'answer', call });
    }
  });
`)}`,
);
const PATIENCE = { timeout: 60_000 };

describe('worker threads', () => {
  let workers: ThreadWorkers;
  const stopped = new Map<number, TipstreamError[]>();
  afterEach(async () => {
    stopped.clear();
    await workers.close();
  });

  function start(partition: number): Worker {
    stopped.set(partition, []);
    const events = { stopped: (error: TipstreamError) => void stopped.get(partition)!.push(error) } as unknown as WorkerEvents;
    return workers.start({ identity: { partition } } as unknown as WorkerStartOptions, events);
  }
  const kill = (worker: Worker, topic: string) =>
    worker.deliver({ topic, partition: 0, fromOffset: 0, nextOffset: 1, endOffset: 1, records: runOf([]) });
  const stops = () => [...stopped].map(([partition, errors]) => [partition, errors.length]);

  it.each([
    ['by an error', 'throw', 'out of luck'],
    ['without a word', 'exit', 'code 7'],
  ])('stop their own partitions alone when one dies %s', async (_, topic, reason) => {
    workers = new ThreadWorkers(2, ENTRY);
    const partitions = [0, 1, 2, 3].map(start);
    await Promise.all(partitions.map((worker) => worker.idle()));
    const held = partitions[1]!.hold().catch((error: unknown) => error);
    kill(partitions[3]!, topic);
    expect(await held).toMatchObject({ code: 'internal', message: expect.stringContaining(reason) as string });
    await expect.poll(stops, PATIENCE).toEqual([
      [0, 0],
      [1, 1],
      [2, 0],
      [3, 1],
    ]);
    await Promise.all([partitions[0]!.idle(), partitions[2]!.idle()]);
  });

  it('keep nobody waiting for one that is dead', async () => {
    workers = new ThreadWorkers(1, ENTRY);
    const worker = start(0);
    kill(worker, 'throw');
    await Promise.all([worker.idle(), worker.drain()]);
    await expect.poll(stops, PATIENCE).toEqual([[0, 1]]);
    await Promise.all([worker.idle(), worker.drain()]);
    await expect(worker.hold()).rejects.toMatchObject({ code: 'internal' });
    worker.close();
    await workers.close();
  });

  it('have another in the place of the dead one for a partition that is begun anew', async () => {
    workers = new ThreadWorkers(1, ENTRY);
    kill(start(0), 'throw');
    await expect.poll(stops, PATIENCE).toEqual([[0, 1]]);
    await expect
      .poll(() => {
        try {
          return start(0)
            .idle()
            .then(() => 'idle');
        } catch {
          return 'dying';
        }
      }, PATIENCE)
      .toBe('idle');
  });
});
