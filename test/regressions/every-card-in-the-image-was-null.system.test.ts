/** The service as the image starts it, from the files that the image has and from nothing else. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { POLICIES } from '../../src/policies/registry.js';
import { until } from '../support/cli-process.js';
import { healthCommand, layOut, startCommand } from '../system/package/image.js';

const parent = mkdtempSync(join(tmpdir(), 'tipstream-image-'));
const [app, data] = [join(parent, 'app'), join(parent, 'data')];
let port: number;
let service: ChildProcess;
let before: string[];
const files = () => readdirSync(app, { recursive: true, encoding: 'utf8' }).sort();

const env = () => ({ PATH: process.env.PATH, NODE_ENV: 'production', TIPSTREAM_DATA: data, TIPSTREAM_HTTP: `127.0.0.1:${port}` });
/** Whether the image's own check finds it ready. */
const isHealthy = () => spawnSync(process.execPath, healthCommand().slice(1), { env: env() }).status === 0;

beforeAll(async () => {
  layOut(app);
  mkdirSync(data);
  port = await freePort();
  before = files();
});
afterAll(() => {
  service.kill('SIGKILL');
  rmSync(parent, { recursive: true, force: true });
});

it('is ready, shows the card of every policy, writes only to its volume and ends on SIGTERM', async () => {
  expect(isHealthy()).toBe(false);
  const [, ...args] = startCommand().map((word) => word.replace(/^\/app\b/, app));
  service = spawn(process.execPath, args, { cwd: app, env: env(), stdio: 'inherit' });
  const exited = once(service, 'exit');
  const address = `http://127.0.0.1:${port}`;
  await until('readiness', () =>
    fetch(`${address}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  expect(isHealthy()).toBe(true);

  const { policies } = (await (await fetch(`${address}/v1/policies`)).json()) as { policies: { policy: string; card: string | null }[] };
  expect(policies.map(({ policy, card }) => [policy, card?.includes(`policies card ${policy}`)])).toEqual(
    POLICIES.map(({ name }) => [name, true]),
  );
  service.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  expect(files()).toEqual(before);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: found } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return found;
}
