/** A new owner published the profiles that it had before it had read what the previous owner had published already. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LogRecord } from '../../src/log/port.js';
import { runOf } from '../../src/log/record-run.js';
import type { ProfileFeaturesEvent } from '../../src/topics.js';
import { loneWorker, makeStateFile, turns } from '../support/lone-worker.js';

const NOW_MS = 1_795_900_000_000;

const served = (offset: number): LogRecord => ({
  topic: 'tip.served',
  partition: 0,
  offset,
  timestampMs: NOW_MS,
  key: Buffer.from('ana'),
  value: Buffer.from(JSON.stringify({ user_id: 'ana', tip_id: `t${offset}`, served_at_ms: NOW_MS - 1_000 - offset })),
  headers: [],
});

/** Deliveries cut at these offsets, each taken by the worker before the next comes. Answers the volumes published after each. */
async function publishedAfter(cuts: readonly number[], end: number, drainAt: number): Promise<number[][]> {
  const directory = mkdtempSync(join(tmpdir(), 'tipstream-moved-'));
  const published: number[] = [];
  const path = join(directory, 'partition-0000.db');
  makeStateFile(path);
  const worker = loneWorker({
    path,
    ends: { 'tip.served': end },
    nowMs: NOW_MS,
    committed: ({ outbox }) => {
      for (const { topic, value } of outbox)
        if (topic === 'profile.features')
          published.push((JSON.parse(value!.toString()) as ProfileFeaturesEvent).features['tip_volume_30d'] as number);
    },
  });
  const after: number[][] = [];
  let from = 0;
  for (const to of [...cuts, end + 1]) {
    const records = Array.from({ length: to - from }, (_, index) => served(from + index));
    worker.deliver({
      topic: 'tip.served',
      partition: 0,
      fromOffset: from,
      nextOffset: to,
      endOffset: Math.max(to, end),
      records: runOf(records),
    });
    from = to;
    await turns(20);
    if (to >= drainAt) await worker.drain();
    after.push([...published]);
    if (to >= drainAt) break;
  }
  worker.close();
  rmSync(directory, { recursive: true, force: true });
  return after;
}

test('nothing is published before the ends that the log had at assignment, not even when the partition is given up again', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 40 }).chain((end) =>
        fc.record({
          end: fc.constant(end),
          cuts: fc.uniqueArray(fc.integer({ min: 1, max: end - 1 }), { maxLength: 4 }).map((cuts) => cuts.toSorted((a, b) => a - b)),
          drainAt: fc.integer({ min: 1, max: end + 1 }),
        }),
      ),
      async ({ cuts, end, drainAt }) => {
        const after = await publishedAfter(cuts, end, drainAt);
        const steps = [...cuts, end + 1];
        for (const [index, published] of after.entries()) {
          const reached = steps[index]! >= end;
          expect(published, `after ${steps[index]} of ${end}`).toEqual(reached ? [end + 1] : []);
        }
      },
    ),
    { numRuns: 30 },
  );
});
