/** Tokens, passwords and keys are in no line that the service prints, at any level, and in no answer that it gives. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliWorkspace } from '../support/cli-process.js';
import { SCORE_REQUEST } from '../support/fake-application.js';

const SECRETS = {
  token: 'secret-own-token-0123456789',
  listed: 'secret-listed-token-0123456',
  inFile: 'secret-token-in-file-012345',
  wrong: 'secret-wrong-token-01234567',
  gateway: 'secret-gateway-key-01234567',
  password: 'secret-kafka-password-01234',
  registry: 'secret-registry-password-012',
};

const workspace = new CliWorkspace();
afterAll(() => workspace.dispose());

/** Says what it was sent, as some do in their errors. */
let gateway: Server;
beforeAll(async () => {
  gateway = createServer((request, response) => {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: `no such key: ${request.headers.authorization}` } }));
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => gateway.close(resolve)));

const found = (printed: string) => Object.values(SECRETS).filter((secret) => printed.includes(secret));

it('of HTTP and of the gateway', async () => {
  const file = join(workspace.directory, 'tokens');
  writeFileSync(file, `read ana ${SECRETS.inFile}\n`);
  chmodSync(file, 0o600);
  const child = workspace.start(['start', '--http', '127.0.0.1:0', '--http-tokens', file, '--log-level', 'trace', '--access-log'], {
    TIPSTREAM_HTTP_TOKEN: SECRETS.token,
    TIPSTREAM_HTTP_TOKEN_LIST: `operate bo ${SECRETS.listed}`,
    TIPSTREAM_GATEWAY_URL: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/v1`,
    TIPSTREAM_GATEWAY_KEY: SECRETS.gateway,
    TIPSTREAM_GATEWAY_MODEL: 'model',
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (stderr += piece));
  const stdout = text(child.stdout);
  const said = () => /tipstream answers at (http:[^\s"]+)/.exec(stderr)?.[1];
  await expect.poll(said, { timeout: 60_000 }).toBeDefined();
  const address = said()!;
  await expect.poll(async () => (await fetch(`${address}/readyz`)).status, { timeout: 60_000 }).toBe(200);

  const answers: string[] = [];
  const ask = async (path: string, token: string, body?: string): Promise<number> => {
    const init = {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { method: 'POST', body }),
    };
    const response = await fetch(address + path, init);
    answers.push(await response.text());
    return response.status;
  };
  for (const token of [SECRETS.token, SECRETS.listed, SECRETS.inFile]) expect(await ask('/v1/lag', token)).toBe(200);
  expect(await ask('/v1/lag', SECRETS.wrong)).toBe(401);
  expect(await ask('/v1/profiles/ana/rebuild', SECRETS.inFile, '')).toBeLessThan(500);
  expect(await ask('/generate', SECRETS.token, JSON.stringify({ ...SCORE_REQUEST, decision_id: 'd1' }))).toBe(502);
  expect(await ask(`/nowhere?token=${SECRETS.token}`, SECRETS.token)).toBe(404);

  writeFileSync(file, `read ana ${SECRETS.inFile}\nread ana ${SECRETS.wrong} too much\n`);
  await expect.poll(() => stderr, { timeout: 20_000 }).toMatch(/line 2 of/);
  child.kill('SIGTERM');
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  expect(found(stderr + (await stdout))).toEqual([]);
  expect(found(answers.join('\n'))).toEqual([]);
});

it('of a Schema Registry, which repeats what it was sent', async () => {
  const seen: string[] = [];
  const registry = createServer((request, response) => {
    seen.push(request.headers.authorization!);
    response.writeHead(401, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error_code: 401, message: `not ${request.headers.authorization}: ${SECRETS.registry}` }));
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  const env = {
    TIPSTREAM_SCHEMA_REGISTRY: `http://127.0.0.1:${(registry.address() as AddressInfo).port}`,
    TIPSTREAM_SCHEMA_REGISTRY_AUTH: `ana:${SECRETS.registry}`,
  };
  const data = ['--data', 'registry-data'];
  try {
    const letter = JSON.stringify({ topic: 'tip.served', key: 'ana', value: { base64: 'AAAAACoC' }, headers: [] });
    expect(await workspace.run(['produce', '--raw', ...data], { input: `${letter}\n` })).toMatchObject({ code: 0 });
    const started = await workspace.run(
      ['start', ...data, '--no-http', '--until-caught-up', '--start-timeout-ms', '1500', '--log-level', 'trace'],
      { env },
    );
    expect(started).toMatchObject({ code: 1, stderr: expect.stringContaining('schema_registry_unavailable') as string });
    expect(started.stderr).toContain('does not let tipstream read schemas (HTTP 401)');
    const tailed = await workspace.run(['tail', 'tip.served', '--from-beginning', '--until-end', ...data], { env });
    expect(tailed).toMatchObject({ code: 1, stderr: expect.stringContaining('schema_registry_refused') as string });
    const given = ['--schema-registry', `http://ana:${SECRETS.registry}@127.0.0.1:1`];
    const refused = await workspace.run(['tail', 'tip.served', ...given, ...data]);
    expect(refused.code).toBe(64);
    expect(seen[0]).toBe(`Basic ${Buffer.from(env.TIPSTREAM_SCHEMA_REGISTRY_AUTH).toString('base64')}`);
    const printed = [started, tailed, refused].flatMap(({ stdout, stderr }) => [stdout, stderr]).join('\n');
    expect(found(printed)).toEqual([]);
    expect(printed).not.toContain(Buffer.from(env.TIPSTREAM_SCHEMA_REGISTRY_AUTH).toString('base64'));
  } finally {
    registry.closeAllConnections();
    await new Promise((resolve) => registry.close(resolve));
  }
});

it('of Kafka, which cannot be reached', async () => {
  const { code, stdout, stderr } = await workspace.run(
    ['start', '--brokers', '127.0.0.1:1', '--no-http', '--start-timeout-ms', '1500', '--log-level', 'trace', '--data', 'kafka-data'],
    {
      env: {
        KAFKA_USERNAME: 'ana',
        TIPSTREAM_KAFKA_SASL: 'plain',
        TIPSTREAM_KAFKA_SASL_MECHANISM: 'plain',
        TIPSTREAM_KAFKA_USERNAME: 'ana',
        TIPSTREAM_KAFKA_PASSWORD: SECRETS.password,
      },
    },
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(/log_unavailable/);
  expect(found(stdout + stderr)).toEqual([]);
});
