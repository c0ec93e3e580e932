/**
 * A process of its own that does one thing to a data directory and, at the named passing of a fault point, kills itself: the real
 * service, rebuild or snapshot with a hook. Its argument is a `CrashOrder`; `child.ts` starts it.
 */
import { writeSync } from 'node:fs';
import { pino } from 'pino';
import { inlineWorkers } from '../../../src/consumers/worker/inline-worker.js';
import { Service } from '../../../src/service/service.js';
import type { FaultPoint } from '../../../src/fault-points.js';
import type { Log } from '../../../src/log/port.js';
import { lockData } from '../../../src/store/directory/data-lock.js';
import type { CrashOrder } from './child.js';
import { CRASH_PRUNE_LIMITS, CRASH_SETTINGS, crashClock, crashFeatures } from './settings.js';
import { stateIn } from '../state-in.js';

const order = JSON.parse(process.argv[2]!) as CrashOrder;
const clock = crashClock(order.clockMs);
const { features, registry } = crashFeatures(order.rows);
let passings = 0;

/** SIGKILL is delivered before `kill` returns; nothing that follows it here is ever done. */
function die(): void {
  writeSync(1, `died at ${order.point}, passing ${order.passing}\n`);
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function at(point: FaultPoint): void {
  if (point !== order.point || ++passings !== order.passing) return;
  if (order.afterMs === undefined) die();
  else setTimeout(die, order.afterMs);
}

/** Only what is used is loaded: there are dozens of these processes. */
async function openLog(): Promise<Log> {
  if (order.kafka === undefined)
    return (await import('../../../src/log/sqlite/index.js')).openSqliteLog({ directory: order.directory, synchronous: 'normal' });
  return (await import('../../../src/log/kafka/kafka-log.js')).openKafkaLog({ brokers: [order.kafka.brokers] });
}

async function run() {
  const lock = lockData(order.directory, clock());
  const { kafka } = order;
  const log = await openLog();
  const service = new Service(log, registry, inlineWorkers({ registry, clock, at, pruneLimits: CRASH_PRUNE_LIMITS }), {
    ...CRASH_SETTINGS,
    features,
    dataDirectory: order.directory,
    group: kafka?.group ?? 'test',
    topicPrefix: kafka?.prefix ?? '',
    maxBatchRecords: order.maxBatchRecords,
    retain: order.retainMs,
    clock,
    logger: pino({ level: 'error' }, process.stderr),
    at,
  });
  await service.start((error) => {
    throw error;
  });
  return { service, log, lock };
}

async function start(): Promise<void> {
  const { service, log, lock } = await run();
  await service.caughtUp();
  await service.stop();
  await log.close();
  lock.release();
}

/** Two of them, the second in place of the first. */
async function snapshot(): Promise<void> {
  const { takeSnapshot } = await import('../../../src/export/take-snapshot.js');
  const asOfMs = order.asOfMs!;
  for (const [turn, replace] of [false, true].entries()) {
    await takeSnapshot({
      state: stateIn(order.directory),
      registry,
      path: order.output!,
      replace,
      asOfMs,
      nowMs: order.clockMs + 1_000 * turn,
      at,
    });
  }
}

/** Runs until it dies. */
async function own(): Promise<void> {
  const { service } = await run();
  await service.caughtUp();
  writeSync(1, 'runs\n');
  await new Promise(() => setInterval(() => undefined, 60_000));
}

async function forget(): Promise<void> {
  const { service } = await run();
  await service.caughtUp();
  let job = await service.forgetUser(order.userId!, { dryRun: false });
  while (job.state === 'running') {
    await new Promise((resolve) => setTimeout(resolve, 5));
    job = service.forgetJob(job.job_id);
  }
  writeSync(1, `${JSON.stringify(job)}\n`);
}

async function rebuild(): Promise<void> {
  const { rebuildWith } = await import('./rebuild.js');
  const log = await openLog();
  const { everything } = await import('../other-definitions.js');
  const { swapped, refused, changed_users } = await rebuildWith(log, order.directory, {
    clock,
    at,
    registry: order.action === 'move-over' ? everything : registry,
  });
  writeSync(1, `${JSON.stringify({ swapped, refused, changed_users })}\n`);
  await log.close();
}

const actions = { start, prune: start, swap: own, ask: rebuild, rebuild, 'move-over': rebuild, snapshot, forget };
await actions[order.action]();
if (order.point !== undefined) writeSync(1, `passed ${order.point} ${passings} times\n`);
process.exit(0);
