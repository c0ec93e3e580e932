/** The entry of a thread that rebuilds partitions, one after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Config } from '../config.js';
import { plainError } from '../consumers/worker/threads/messages.js';
import { openLog } from '../log/open.js';
import type { Log } from '../log/port.js';
import { registryOf } from '../projections/registry.js';
import type { RebuildCommand, RebuildReport } from './rebuild-threads.js';
import { runJob } from './run-jobs.js';

const port = parentPort!;
const config = workerData as Config;
/** More often than anybody looks. */
const PROGRESS_EVERY_MS = 100;

let log: Promise<Log> | undefined;
let abort = new AbortController();

const report = (message: RebuildReport): void => port.postMessage(message);

port.on('message', (command: RebuildCommand) => {
  switch (command.type) {
    case 'abort':
      abort.abort();
      return;
    case 'run':
      void run(command);
      return;
    case 'end':
      void end();
  }
});

async function run({ job, step }: Extract<RebuildCommand, { type: 'run' }>): Promise<void> {
  abort = new AbortController();
  let shownMs = 0;
  try {
    log ??= openLog(config, { readOnly: true });
    const outcome = await runJob(job, step, {
      log: await log,
      registry: registryOf(config.features),
      clock: Date.now,
      signal: abort.signal,
      onProgress: (progress) => {
        const nowMs = performance.now();
        if (nowMs - shownMs < PROGRESS_EVERY_MS && progress.done < progress.total) return;
        shownMs = nowMs;
        report({ type: 'progress', progress });
      },
    });
    report({ type: 'done', outcome });
  } catch (error) {
    report({ type: 'failed', error: plainError(error) });
  }
}

async function end(): Promise<void> {
  await log?.then((opened) => opened.close()).catch(() => undefined);
  port.close();
}
