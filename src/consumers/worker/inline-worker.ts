import type { WorkerDependencies } from './partition-worker.js';
import { PartitionWorker } from './partition-worker.js';
import { runOf } from './record-run.js';
import type { StartWorker } from './worker-contract.js';

/** Workers in the service's own thread: for tests, and where there is one core. */
export function inlineWorkers(dependencies: WorkerDependencies): StartWorker {
  return (setup, events) => {
    const worker = new PartitionWorker(setup, events, dependencies);
    return {
      deliver: ({ records, ...range }) => worker.deliver({ ...range, records: runOf(records) }),
      decide: (request) => worker.decide(request),
      preview: (request) => worker.preview(request),
      published: (seq) => worker.published(seq),
      idle: () => worker.idle(),
      hold: () => worker.hold(),
      release: () => worker.release(),
      replaceTips: (userId, tips) => worker.replaceTips(userId, tips),
      drain: () => worker.drain(),
      close: () => worker.close(),
    };
  };
}
