import type { WorkerDeps } from './partition-worker.js';
import { PartitionWorker } from './partition-worker.js';
import { runOf } from './record-run.js';
import type { StartWorker } from './worker-contract.js';

/** Workers in the service's own thread: for tests, and where there is one core. */
export function inlineWorkers(deps: WorkerDeps): StartWorker {
  return (start, events) => {
    const worker = new PartitionWorker(start, events, deps);
    return {
      deliver: ({ records, ...range }) => worker.deliver({ ...range, records: runOf(records) }),
      decide: (request) => worker.decide(request),
      preview: (request) => worker.preview(request),
      published: (seq) => worker.published(seq),
      idle: () => worker.idle(),
      hold: () => worker.hold(),
      release: () => worker.release(),
      forgetTo: (forgottenTo) => worker.forgetTo(forgottenTo),
      scrub: () => worker.scrub(),
      replaceKept: (userId, kept) => worker.replaceKept(userId, kept),
      drain: () => worker.drain(),
      close: () => worker.close(),
    };
  };
}
