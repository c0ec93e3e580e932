/**
 * Two processes that both believe a partition is theirs. On one data directory the lock refuses the second
 * (test/system/process.service.test.ts), and each with a directory of its own is what a frozen group member comes back to
 * (test/system/group.kafka.test.ts). Here the lock has failed, as it may on a network file system.
 */
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { inlineWorkers } from '../../../src/consumers/worker/inline-worker.js';
import { Service } from '../../../src/service/service.js';
import { defaultRegistry } from '../../../src/projections/registry.js';
import { CRASH_SETTINGS, crashClock } from '../../support/crash/settings.js';
import { CRASH_CLOCK_MS, CrashWorld, PARTITIONS } from '../../support/crash/world.js';

it('two owners of one file: the one that came first is stopped, having written nothing since, and the other goes on', async () => {
  const world = await CrashWorld.open(5);
  onTestFinished(() => world.close());
  await world.embedded.catchUp();
  const clock = crashClock(CRASH_CLOCK_MS);
  const rival = new Service(world.embedded.log, defaultRegistry, inlineWorkers({ registry: defaultRegistry, clock }), {
    ...CRASH_SETTINGS,
    dataDirectory: world.embedded.directory,
    group: 'rival',
    topicPrefix: '',
    maxBatchRecords: 50,
    clock,
    logger: pino({ level: 'silent' }),
  });
  await rival.start(() => undefined);
  await world.append(300);
  await rival.caughtUp();
  const states = (service: Service) => service.status().partitions.map(({ state, error }) => error?.code ?? state);
  await expect
    .poll(() => states(world.embedded.service), { timeout: 60_000 })
    .toEqual(Array.from({ length: PARTITIONS }, () => 'stale_owner'));
  expect(states(rival)).toEqual(Array.from({ length: PARTITIONS }, () => 'running'));
  expect(world.embedded.service.status().partitions[0]!.error!.hint).toContain('one process owns the data directory');
  await world.expectWhole();
  await rival.stop();
  await world.embedded.stop();
  await world.restarts();
  await world.expectRight();
});
