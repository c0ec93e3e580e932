/** `rebuild --user` with and without a process that runs on the data directory. */
import { expect, onTestFinished, test } from 'vitest';
import { rebuildUser } from '../../src/cli/owner/rebuild-user.js';
import { loadConfig, type Config } from '../../src/config.js';
import { startHttp } from '../../src/http/start.js';
import { lockData, type DataLock } from '../../src/store/directory/data-lock.js';
import { fakeApplication, REBUILD } from '../support/fake-application.js';
import { embeddedService } from '../support/embedded/directory.js';
import type { EmbeddedService } from '../support/embedded/service.js';
import { traffic } from '../support/embedded/traffic.js';

const USER = 'user-7';
const TOKEN = 'a-token-long-enough';

async function folded(): Promise<{ embedded: EmbeddedService; config: Config }> {
  const embedded = await embeddedService({ partitions: 2 });
  await embedded.append(...traffic(5).next(600));
  await embedded.catchUp();
  return { embedded, config: loadConfig({ data: embedded.directory }, {}) };
}

async function owned(embedded: EmbeddedService, http: { readonly token?: string } | null): Promise<DataLock> {
  const lock = lockData(embedded.directory, 1);
  onTestFinished(() => lock.release());
  if (http === null) return lock;
  const server = await startHttp(embedded.service, { host: '127.0.0.1', port: 0, ...http });
  onTestFinished(() => server.close());
  lock.publish(server.address);
  return lock;
}

test('without a service it is done here, with progress', async () => {
  const { embedded, config } = await folded();
  await embedded.stop();
  const progress: (readonly [number, number | null])[] = [];
  const rebuilt = await rebuildUser(config, USER, { onProgress: (done, total) => progress.push([done, total]) });
  expect(rebuilt).toMatchObject({ user_id: USER, changed: [] });
  expect(rebuilt.replayed_events).toBeGreaterThan(5);
  expect(progress.at(-1)![0]).toBe(progress.at(-1)![1]);
  await expect(rebuildUser(config, USER, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  lockData(embedded.directory, 1).release();
});

test('a service does it as a job, with its token', async () => {
  const { embedded, config } = await folded();
  const here = await embedded.service.rebuildUser(USER, { dryRun: true });
  expect(here.state).toBe('running');
  await owned(embedded, { token: TOKEN });
  await expect(rebuildUser(config, USER)).rejects.toMatchObject({
    code: 'unauthorized',
    hint: expect.stringContaining('--http-token') as string,
  });
  const withToken = loadConfig({ data: embedded.directory, httpToken: TOKEN }, {});
  expect(await rebuildUser(withToken, USER)).toMatchObject({ user_id: USER, changed: [], positions: { 'tip.served': {} } });
  await expect(rebuildUser(withToken, 'nobody', { dryRun: true })).rejects.toMatchObject({ code: 'user_not_found' });
  await embedded.log.truncateBefore('tip.served', embedded.partitionOf(USER), 2);
  await expect(rebuildUser(withToken, USER)).rejects.toMatchObject({
    code: 'offset_out_of_range',
    hint: expect.stringContaining('Nothing was changed') as string,
  });
});

test('a job is cancelled when the command is', async () => {
  const { embedded, config } = await folded();
  const application = fakeApplication({
    rebuildUser: async (userId) => ({ ...REBUILD, user_id: userId, state: 'running', result: undefined }),
    rebuildJob: () => ({ ...REBUILD, state: 'running', result: undefined }),
  });
  const server = await startHttp(application, { host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.close());
  const lock = await owned(embedded, null);
  lock.publish(server.address);
  const stopping = new AbortController();
  const rebuilding = rebuildUser(config, USER, { signal: stopping.signal, onProgress: () => stopping.abort(new Error('Ctrl-C')) });
  await expect(rebuilding).rejects.toThrow('Ctrl-C');
  expect(application.calls).toContainEqual(['cancelRebuild', REBUILD.job_id]);
});

test('a service that cannot be asked is an error that says so', async () => {
  const { embedded, config } = await folded();
  const lock = await owned(embedded, null);
  await expect(rebuildUser(config, USER)).rejects.toMatchObject({
    code: 'data_in_use',
    message: expect.stringContaining('answers no HTTP') as string,
    hint: expect.stringContaining('--no-http') as string,
  });
  lock.publish('http://127.0.0.1:1');
  await expect(rebuildUser(config, USER)).rejects.toMatchObject({
    code: 'not_ready',
    message: expect.stringContaining('does not answer') as string,
  });
});
