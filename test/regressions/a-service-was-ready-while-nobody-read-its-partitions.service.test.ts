/** /readyz was true, and --until-caught-up ended with 0, while partitions had no owner in the group. */
import { expect, test, vi } from 'vitest';
import { pino } from 'pino';
import { buildServer } from '../../src/http/server.js';
import type { Holder } from '../../src/log/port.js';
import { GroupOwnership } from '../../src/service/group-ownership.js';
import { embeddedService } from '../support/embedded/directory.js';
import { samples } from '../support/exposition.js';

test('a service is not ready, and says why, until every partition has an owner', async () => {
  const embedded = await embeddedService({ partitions: 3 });
  const service = await embedded.start();
  const server = buildServer(service, { host: '127.0.0.1' });
  const ready = () => server.inject({ method: 'GET', url: '/readyz', headers: { host: 'localhost' } });
  await vi.waitFor(async () => expect((await ready()).statusCode).toBe(200), 10_000);
  embedded.faults.withholdOwners(0, 2);
  await vi.waitFor(async () => expect((await ready()).statusCode).toBe(503), 10_000);
  expect((await ready()).json()).toMatchObject({
    error: { code: 'not_ready', details: { reasons: ['no member of the group test was given partitions 0, 2'] } },
  });
  expect(service.status()).toMatchObject({ ready: false, partitions_unowned: [0, 2] });
  expect(samples(await service.metrics()).get('tipstream_partitions_unowned')).toBe(2);
  const said = embedded.logged.filter(({ level, code }) => level === 50 && code === 'not_ready');
  expect(said).toHaveLength(1);
  expect(said[0]).toMatchObject({ group: 'test', partitions: [0, 2], hint: expect.stringMatching(/--group/) as string });
  embedded.faults.withholdOwners();
  await vi.waitFor(async () => expect((await ready()).statusCode).toBe(200), 10_000);
  await service.caughtUp();
  await server.close();
});

function ownership(holders: () => ReadonlyMap<number, Holder> | undefined, lines: Record<string, unknown>[] = []) {
  const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  return new GroupOwnership({ group: 'g', logger, partitionCount: () => 3, holders: () => Promise.resolve(holders()) });
}

test('catching up fails when a partition has no owner for longer than a rebalance takes', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  try {
    const waiting = ownership(() => new Map([[1, { address: null, isSelf: true }]])).untilOwned(() => undefined);
    const failed = expect(waiting).rejects.toMatchObject({ code: 'not_ready', details: { partitions: [0, 2], group: 'g' } });
    await vi.advanceTimersByTimeAsync(30_000);
    await failed;
  } finally {
    vi.useRealTimers();
  }
});

test('catching up waits for a rebalance, and names the partitions that other members hold', async () => {
  const lines: Record<string, unknown>[] = [];
  const all = new Map([0, 1, 2].map((partition) => [partition, { address: partition === 1 ? null : 'http://a', isSelf: partition === 1 }]));
  const answers = [undefined, undefined, all];
  const group = ownership(() => (answers.length > 1 ? answers.shift() : answers[0]), lines);
  await group.untilOwned(() => undefined);
  group.sayElsewhere();
  expect(lines).toMatchObject([{ level: 40, partitions: [0, 2], owners: { 0: 'http://a', 2: 'http://a' } }]);
});
