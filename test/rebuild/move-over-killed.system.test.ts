/**
 * SIGKILL at every step of moving state over: the live file is as it was, nobody takes what is left for whole, and the next run makes
 * it right.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { defaultRegistry, type Registry } from '../../src/projections/registry.js';
import { moveOver } from '../../src/rebuild/move-over.js';
import { digestDocument } from '../../src/store/queries/profiles.js';
import { PartitionReader } from '../../src/store/queries/partition-reader.js';
import { bundled } from '../support/bundled.js';
import { embeddedService } from '../support/embedded/directory.js';
import { traffic, TRAFFIC_AS_OF_MS } from '../support/embedded/traffic.js';
import type { MoveOrder } from '../support/move-over-process.js';
import { everything } from '../support/other-definitions.js';
import { stateContents, pendingWork } from '../support/state-contents.js';

const BODY = fileURLToPath(new URL('../support/move-over-process.ts', import.meta.url));
let program: Promise<string> | undefined;

async function killed(order: MoveOrder): Promise<void> {
  program ??= bundled(BODY, 'move-over-process');
  const child = spawn(process.execPath, [await program, JSON.stringify(order)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 100_000,
    killSignal: 'SIGABRT',
  });
  let stderr = '';
  child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
  const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  expect([signal, stderr]).toEqual(['SIGKILL', '']);
}

function digestOf(path: string, registry: Registry): string {
  const reader = new PartitionReader(path, registry);
  try {
    return digestDocument(new Map([[0, reader]]), TRAFFIC_AS_OF_MS, registry.featureSet).digest;
  } finally {
    reader.close();
  }
}

test.each<MoveOrder['point']>([
  'in the copy',
  'move over: copied',
  'move over: begun',
  'move over: users committed',
  'move over: finished',
])('killed at "%s"', async (point) => {
  const embedded = await embeddedService({ partitions: 1, clock: () => TRAFFIC_AS_OF_MS });
  await embedded.append(...traffic(4).next(1_500));
  await embedded.catchUp();
  await embedded.stop();
  const [live, next] = [embedded.statePath(0), join(embedded.directory, 'next.db')];
  const before = [stateContents(live), pendingWork(live), digestOf(live, defaultRegistry)];

  await killed({ live, next, nowMs: TRAFFIC_AS_OF_MS, point });
  expect([stateContents(live), pendingWork(live), digestOf(live, defaultRegistry)]).toEqual(before);
  if (point === 'in the copy') expect(() => digestOf(next, everything)).toThrow(expect.objectContaining({ code: 'no_data' }) as Error);
  else if (point !== 'move over: finished')
    expect(() => digestOf(next, everything)).toThrow(expect.objectContaining({ code: 'state_mismatch' }) as Error);

  const identity = { partition: 0, partitions: 1, log: 'sqlite', topicPrefix: '', featureSet: defaultRegistry.featureSet } as const;
  await moveOver(live, next, identity, everything, { nowMs: TRAFFIC_AS_OF_MS });
  const undisturbed = join(embedded.directory, 'undisturbed.db');
  await moveOver(live, undisturbed, identity, everything, { nowMs: TRAFFIC_AS_OF_MS });
  expect(digestOf(next, everything)).toBe(digestOf(undisturbed, everything));
  expect([stateContents(next), pendingWork(next)]).toEqual([stateContents(undisturbed), pendingWork(undisturbed)]);
});
