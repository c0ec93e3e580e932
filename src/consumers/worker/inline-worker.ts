import type { WorkerDeps } from './partition-worker.js';
import { PartitionWorker } from './partition-worker.js';
import { Turns } from './turns.js';
import type { StartWorker } from './worker-contract.js';

/** Workers in the service's own thread: for tests, and where there is one core. */
export function inlineWorkers(deps: WorkerDeps): StartWorker {
  const turns = new Turns();
  return (start, events) => new PartitionWorker(start, events, { turns, ...deps });
}
