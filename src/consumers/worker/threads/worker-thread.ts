/** The entry of a worker thread: runs the partitions that the service's thread gives it, and reports what they do. */
import { parentPort } from 'node:worker_threads';
import { TipstreamError } from '../../../errors.js';
import { registryOf } from '../../../projections/registry.js';
import { PartitionWorker } from '../partition-worker.js';
import { Turns } from '../turns.js';
import type { WorkerEvents, WorkerStartOptions } from '../worker-contract.js';
import { packMessages } from './message-packing.js';
import { plainError, type Command, type Report } from './messages.js';
import { transferable, unpack } from './record-packing.js';

const port = parentPort!;
const workers = new Map<number, PartitionWorker>();
const turns = new Turns();

const report = (message: Report, transfer: readonly ArrayBuffer[] = []): void => port.postMessage(message, transfer);

function events(worker: number): WorkerEvents {
  return {
    committed: ({ outbox, ...committed }) => {
      const packed = packMessages(outbox);
      report({ type: 'committed', worker, committed, outbox: packed }, transferable(packed));
    },
    running: () => report({ type: 'running', worker }),
    stopped: (error) => report({ type: 'stopped', worker, error: plainError(error) }),
    rejected: (record) => report({ type: 'rejected', worker, record }),
    pruned: (pruned) => report({ type: 'pruned', worker, pruned }),
    shadowFailed: (decisionId, reason) => report({ type: 'shadow-failed', worker, decisionId, reason }),
  };
}

function startedWorker(start: WorkerStartOptions, reports: WorkerEvents): PartitionWorker {
  const registry = registryOf(start.options.features);
  if (registry.featureSet !== start.identity.featureSet)
    throw new TipstreamError('internal', `a worker was started for feature set ${start.identity.featureSet} with ${registry.featureSet}`);
  return new PartitionWorker(start, reports, { registry, clock: Date.now, turns });
}

port.on('message', (commands: readonly Command[]) => {
  for (const command of commands) obey(command);
});

function obey(command: Command): void {
  if (command.type === 'end') return port.close();
  const worker = workers.get(command.worker);
  switch (command.type) {
    case 'start':
      try {
        workers.set(command.worker, startedWorker(command.start, events(command.worker)));
      } catch (error) {
        report({ type: 'stopped', worker: command.worker, error: plainError(error) });
      }
      return;
    case 'deliver':
      worker?.deliver(unpack(command.delivery));
      return;
    case 'published':
      worker?.published(command.seq);
      return;
    case 'release':
      worker?.release();
      return;
    case 'forget-to':
      worker?.forgetTo(command.forgottenTo);
      return;
    case 'close':
      worker?.close();
      workers.delete(command.worker);
      return;
    default:
      void answer(command, worker);
  }
}

async function answer(command: Extract<Command, { call: number }>, worker: PartitionWorker | undefined): Promise<void> {
  const { call } = command;
  try {
    const result = await ask(command, worker);
    report({ type: 'answer', call, result: result ?? undefined });
  } catch (error) {
    report({ type: 'failure', call, error: plainError(error) });
  }
}

function ask(command: Extract<Command, { call: number }>, worker: PartitionWorker | undefined) {
  switch (command.type) {
    case 'decide':
      return worker?.decide(command.request);
    case 'preview':
      return worker?.preview(command.request);
    case 'replace-kept':
      return worker?.replaceKept(command.userId, command.kept);
    case 'hold':
      return worker?.hold();
    case 'scrub':
      return worker?.scrub();
    case 'idle':
      return worker?.idle();
    case 'drain':
      return worker?.drain();
  }
}
