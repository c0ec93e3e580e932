/**
 * Moves a state file over in a process of its own, which kills itself at a fault point, or with `in the copy` while the copy is
 * incomplete.
 */
import type { FaultPoint } from '../../src/fault-points.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { moveOver } from '../../src/rebuild/move-over.js';
import { everything } from './other-definitions.js';

export interface MoveOrder {
  readonly live: string;
  readonly next: string;
  readonly nowMs: number;
  readonly point: FaultPoint | 'in the copy';
}

const { live, next, nowMs, point } = JSON.parse(process.argv[2]!) as MoveOrder;

/** Nothing that follows it here is ever done. */
function die(): void {
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

await moveOver(
  live,
  next,
  { partition: 0, partitions: 1, log: 'sqlite', topicPrefix: '', featureSet: coreRegistry.featureSet },
  everything,
  {
    nowMs,
    at: (reached) => {
      if (reached === point) die();
    },
    onProgress: ({ phase }) => {
      if (phase === 'copying' && point === 'in the copy') die();
    },
  },
);
