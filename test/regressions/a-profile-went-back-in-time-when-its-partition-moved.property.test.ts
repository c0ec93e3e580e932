/** A new owner published the profiles that it had before it had read what the previous owner had published already. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inlineWorkers } from '../../src/consumers/worker/inline-worker.js';
import type { Committed } from '../../src/consumers/worker/worker-contract.js';
import type { LogRecord } from '../../src/log/port.js';
import { PartitionState } from '../../src/store/partition-state.js';
import type { StateIdentity } from '../../src/store/state-file.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { CONSUMED_TOPICS, type ProfileFeaturesEvent } from '../../src/topics.js';

const NOW_MS = 1_795_900_000_000;
const TOPICS = [...CONSUMED_TOPICS];

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
  const identity: StateIdentity = { partition: 0, partitions: 1, log: 'sqlite', topicPrefix: '', featureSet: coreRegistry.featureSet };
  new PartitionState(path, identity, coreRegistry).close();
  const worker = inlineWorkers({ registry: coreRegistry, clock: () => NOW_MS })(
    {
      path,
      identity,
      topics: TOPICS,
      ranges: new Map(TOPICS.map((topic) => [topic, { low: 0, end: topic === 'tip.served' ? end : 0 }])),
      options: {
        group: 'g',
        topicPrefix: '',
        partitioner: 'murmur2',
        maxValueBytes: 1_048_576,
        maxBatchRecords: 1_000,
        maxTaskIdleMs: 0,
        publishProfiles: true,
        scoring: { livePolicy: 'egreedy-v1', settings: { epsilon: 0.1, salt: '0', shadow: null, shadowLearning: false } },
      },
    },
    {
      committed: ({ outbox }: Committed) => {
        for (const { topic, value } of outbox)
          if (topic === 'profile.features')
            published.push((JSON.parse(value!.toString()) as ProfileFeaturesEvent).features['tip_volume_30d'] as number);
      },
      running: () => undefined,
      stopped: (error) => {
        throw error;
      },
      rejected: () => undefined,
      pruned: () => undefined,
      shadowFailed: () => undefined,
    },
  );
  const after: number[][] = [];
  let from = 0;
  for (const to of [...cuts, end + 1]) {
    const records = Array.from({ length: to - from }, (_, index) => served(from + index));
    worker.deliver({ topic: 'tip.served', partition: 0, fromOffset: from, nextOffset: to, endOffset: Math.max(to, end), records });
    from = to;
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
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
