/** `status` in every state that an installation can be in: it says so, on one screen, and ends in time. */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { COMMANDS } from '../../../../src/cli/commands.js';
import type { Check } from '../../../../src/cli/commands/status/check.js';
import { lockData } from '../../../../src/store/directory/data-lock.js';
import { generationDirectory, partitionFile } from '../../../../src/store/directory/layout.js';
import { runCommand } from '../../../support/cli-in-process.js';
import { EmbeddedService } from '../../../support/embedded/service.js';

const parent = mkdtempSync(join(tmpdir(), 'tipstream-status-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));
let [data, number] = ['', 0];
const undo: (() => Promise<unknown> | void)[] = [];
beforeEach(() => void (data = join(parent, `data-${++number}`)));
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

interface Answer {
  readonly code: number;
  readonly status: string;
  readonly of: (name: string) => Check;
  readonly screen: string;
}

/** As a program and as a person see it. */
async function status(...args: readonly string[]): Promise<Answer> {
  const argv = ['status', '--data', data, ...args];
  const [forPrograms, forPeople] = [await runCommand(COMMANDS, [...argv, '--json']), await runCommand(COMMANDS, argv)];
  expect(forPeople.code).toBe(forPrograms.code);
  expect(forPrograms.stderr + forPeople.stderr).toBe('');
  const document = JSON.parse(forPrograms.stdout) as { status: string; checks: Check[] };
  expect(document.checks.map(({ name }) => name)).toEqual([
    ...['log', 'topics', 'partitions', 'lag', 'dead_letters', 'policy', 'verified', 'disk'],
  ]);
  const lines = forPeople.stdout.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(24);
  for (const { next } of document.checks) if (next?.startsWith('npx tipstream') === true) await expectToExist(next);
  return {
    code: forPrograms.code,
    status: document.status,
    of: (name) => document.checks.find((check) => check.name === name)!,
    screen: forPeople.stdout,
  };
}

/** The command that is to be run next is one. */
async function expectToExist(next: string): Promise<void> {
  const words = next.split(' ').slice(2);
  const { code } = await runCommand(COMMANDS, [...words.slice(0, words.indexOf('--data')), '--help']);
  expect(code, next).toBe(0);
}

const served = (n: number) => ({
  topic: 'tip.served',
  key: Buffer.from('ana'),
  value: Buffer.from(`{"user_id":"ana","tip_id":"t${n}","served_at_ms":${n}}`),
});

async function installation(): Promise<EmbeddedService> {
  const embedded = await EmbeddedService.open(data, { partitions: 2 });
  undo.push(() => embedded.log.close());
  await embedded.log.append([1, 2, 3].map(served));
  await embedded.start();
  undo.push(() => (embedded.isRunning ? embedded.stop() : undefined));
  await embedded.catchUp();
  return embedded;
}

function owned(): void {
  const lock = lockData(data, Date.now());
  undo.push(() => lock.release());
}

it('nothing is there yet: it says to start', async () => {
  const { code, status: verdict, of, screen } = await status();
  expect({ code, verdict }).toEqual({ code: 2, verdict: 'attention' });
  expect(of('log')).toMatchObject({ status: 'attention', code: 'no_data', next: `npx tipstream start --data ${data}` });
  expect(of('partitions')).toMatchObject({ status: 'attention', running: false });
  for (const name of ['topics', 'lag', 'dead_letters', 'policy']) expect(of(name).status).toBe('could_not_tell');
  expect(screen).toContain('there is no log yet');
  expect(() => statSync(data)).toThrow();
});

it('all is well while it runs; a verification is remembered, and what was applied since is counted', async () => {
  const embedded = await installation();
  owned();
  const before = await status();
  expect(before).toMatchObject({ code: 0, status: 'ok' });
  expect(before.screen).toMatch(/^could not tell +verified +never verified here$/m);
  expect(before.screen.trimEnd()).toMatch(/All is well, as far as it is known: the state has not been verified\.$/);
  expect(before.of('lag')).toMatchObject({ status: 'ok', lag_records: 0 });
  expect(before.of('policy')).toMatchObject({ live: [{ policy: 'egreedy-v1', percent: 100 }], shadow: null });
  expect(before.of('partitions')).toMatchObject({ running: true, pid: process.pid, partitions: 2, state_files: 2 });

  expect(await runCommand(COMMANDS, ['verify', '--data', data])).toMatchObject({ code: 0 });
  expect(statSync(join(data, 'verified.json')).mode & 0o777).toBe(0o600);
  const verified = await status();
  expect(verified.of('verified')).toMatchObject({ status: 'ok', outcome: 'equal', applied_since: 0, sample_users: null });
  expect(verified.screen.trimEnd()).toMatch(/\nAll is well\.$/);

  await embedded.log.append([4, 5].map(served));
  await embedded.catchUp();
  expect((await status()).of('verified')).toMatchObject({ status: 'ok', applied_since: 2 });
});

it('what differs needs attention until it is verified again', async () => {
  await installation();
  owned();
  expect((await runCommand(COMMANDS, ['verify', '--data', data])).code).toBe(0);
  const note = JSON.parse(readFileSync(join(data, 'verified.json'), 'utf8')) as object;
  writeFileSync(join(data, 'verified.json'), JSON.stringify({ ...note, outcome: 'differs', difference_count: 3 }));
  expect(await status()).toMatchObject({ code: 2, screen: expect.stringContaining('Needs attention: verified.') as string });
  writeFileSync(join(data, 'verified.json'), '{"half a no');
  expect((await status()).of('verified')).toMatchObject({ status: 'could_not_tell', verified_at_ms: null });
});

it('nothing runs: it says to start, and what waits', async () => {
  const embedded = await installation();
  await embedded.stop();
  expect((await status()).of('lag')).toMatchObject({ status: 'ok', lag_records: 0 });
  await embedded.log.append([6].map(served));
  const { code, of } = await status();
  expect(code).toBe(2);
  expect(of('partitions')).toMatchObject({ status: 'attention', next: `npx tipstream start --data ${data}` });
  expect(of('lag')).toMatchObject({ status: 'attention', lag_records: 1, next: `npx tipstream start --data ${data}` });
});

it('refused records are counted by code', async () => {
  const embedded = await installation();
  owned();
  await embedded.log.append([
    { ...served(7), value: Buffer.from('no json') },
    { ...served(8), value: Buffer.from('{}') },
  ]);
  await embedded.catchUp();
  const { code, of } = await status();
  expect(code).toBe(2);
  expect(of('dead_letters')).toMatchObject({
    status: 'attention',
    records: 2,
    by_code: { not_json: 1, invalid_event: 1 },
    next: `npx tipstream dead-letters list --data ${data}`,
  });
});

it('a damaged and a missing state file are named, and keep nothing else from being said', async () => {
  const embedded = await installation();
  await embedded.stop();
  owned();
  const generation = generationDirectory(data);
  writeFileSync(partitionFile(generation, 1), 'this is no database'.repeat(1000));
  const damaged = await status();
  expect(damaged.of('partitions')).toMatchObject({ status: 'attention', summary: expect.stringContaining('is damaged') as string });
  expect(damaged.of('policy').status).toBe('ok');
  rmSync(partitionFile(generation, 1));
  expect((await status()).of('partitions')).toMatchObject({
    status: 'attention',
    summary: expect.stringContaining('[state_incomplete]') as string,
    next: `npx tipstream start --data ${data}`,
  });
});

it('the state of another log is said', async () => {
  await installation();
  const { code, of } = await status('--topic-prefix', 'other.');
  expect(code).toBe(2);
  expect(of('partitions')).toMatchObject({ status: 'attention', summary: expect.stringContaining('[state_mismatch]') as string });
  expect(of('topics')).toMatchObject({ status: 'attention', summary: '16 of 16 topics are missing' });
});

it('brokers that refuse and brokers that hang are said in time, and the state is looked at all the same', async () => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  undo.push(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  for (const brokers of ['127.0.0.1:1', `127.0.0.1:${(silent.address() as AddressInfo).port}`]) {
    const beganMs = performance.now();
    const { code, of, screen } = await status('--brokers', brokers, '--log-timeout-ms', '500');
    // Asked twice: by a program and by a person.
    expect(performance.now() - beganMs).toBeLessThan(2 * 5_000);
    expect(code).toBe(2);
    expect(of('log')).toMatchObject({
      status: 'attention',
      code: 'log_unavailable',
      next: `kafka-broker-api-versions --bootstrap-server ${brokers}`,
    });
    expect(of('lag')).toMatchObject({ status: 'could_not_tell' });
    expect(of('disk').status).toBe('ok');
    expect(screen).toMatch(/Needs attention: log, partitions; could not tell: topics, lag, dead letters, policy, verified\./);
  }
});
