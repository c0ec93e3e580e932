/** Partitions of one thread: one large batch at a time, and small ones beside it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Worker } from '../../../src/consumers/worker/worker-contract.js';
import { deliverValues, loneWorker, makeStateFile, threadAt, turns } from '../../support/lone-worker.js';

const NOW_MS = 1_795_900_000_000;
const LARGE = 6_000;
const LARGER = 12_000;

const FORGOTTEN = {
  forget_id: 'f',
  user_digest: '0'.repeat(64),
  forgotten_at_ms: NOW_MS,
  positions: {},
};

let directory: string;
let workers: Worker[];
/** Name of the worker and records, in the order of the commits. */
let commits: [name: string, records: number][];
let thread: ReturnType<typeof threadAt>;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tipstream-turns-'));
  workers = [];
  commits = [];
  thread = threadAt(NOW_MS);
});
afterEach(() => {
  for (const worker of workers) worker.close();
  rmSync(directory, { recursive: true, force: true });
});

function begin(name: string, maxBatchRecords = 50_000): Worker {
  const path = join(directory, `${name}.db`);
  makeStateFile(path);
  const worker = loneWorker({
    path,
    ends: {},
    nowMs: NOW_MS,
    publishProfiles: false,
    maxBatchRecords,
    start: thread,
    committed: ({ taken }) => {
      const records = [...taken.values()].reduce((sum, count) => sum + count, 0);
      if (records > 0) commits.push([name, records]);
    },
  });
  workers.push(worker);
  return worker;
}

function deliver(worker: Worker, from: number, count: number): void {
  const values = Array.from({ length: count }, (_, index) =>
    JSON.stringify({ user_id: 'ana', tip_id: `tip-${from + index}`, served_at_ms: NOW_MS - 1_000 }),
  );
  deliverValues(worker, 'tip.served', from, NOW_MS, values);
}

describe('the partitions of one thread', () => {
  it('apply large batches one after the other, which grow meanwhile, and small ones at once', async () => {
    const [a, b, c] = [begin('a'), begin('b'), begin('c')];
    deliver(a, 0, LARGER);
    await turns(3);
    deliver(b, 0, LARGE);
    await turns(3);
    deliver(b, LARGE, LARGE);
    deliver(c, 0, 100);
    await Promise.all(workers.map((worker) => worker.idle()));
    expect(commits).toEqual([
      ['c', 100],
      ['a', LARGER],
      ['b', 2 * LARGE],
    ]);
  });

  it.each(['drain', 'close'] as const)('go on when the one whose turn it is has to %s', async (end) => {
    const [a, b] = [begin('a'), begin('b')];
    deliver(a, 0, LARGER);
    await turns(3);
    deliver(b, 0, LARGE);
    await turns(3);
    await a[end]();
    await b.idle();
    expect(commits.at(-1)).toEqual(['b', LARGE]);
  });

  it('do not wait for one that is held, or was closed while it waited', async () => {
    const [a, b, c] = [begin('a'), begin('b'), begin('c')];
    deliver(a, 0, LARGER);
    await turns(3);
    deliver(b, 0, LARGE);
    deliver(c, 0, LARGE);
    await turns(3);
    const held = b.hold();
    await c.idle();
    expect(commits).toEqual([
      ['a', LARGER],
      ['c', LARGE],
    ]);
    await held;
    b.release();
    await b.idle();
    expect(commits.at(-1)).toEqual(['b', LARGE]);
  });

  it('read on about who was forgotten while another applies a large batch, whatever else waits', async () => {
    const [a, b] = [begin('a'), begin('b')];
    await turns(3);
    await b.hold();
    deliver(b, 0, LARGE);
    deliverValues(b, 'user.forgotten', 0, NOW_MS, [JSON.stringify(FORGOTTEN)]);
    deliver(a, 0, LARGER);
    await turns(3);
    b.forgetTo(1);
    await a.idle();
    expect(commits).toEqual([
      ['b', 1],
      ['a', LARGER],
    ]);
  });

  it('take no turns where batches are small by --max-batch-records', async () => {
    const [a, b] = [begin('a', 1_000), begin('b', 1_000)];
    deliver(a, 0, LARGE);
    deliver(b, 0, LARGE);
    await Promise.all(workers.map((worker) => worker.idle()));
    expect(new Set(commits.slice(0, 4).map(([name]) => name))).toEqual(new Set(['a', 'b']));
  });
});
