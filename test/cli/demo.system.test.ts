/** The demo as a process: its past once, gone on with afterwards, begun again when asked or when it was interrupted. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { CliWorkspace, linesOf } from '../support/cli-process.js';

const cli = new CliWorkspace();
afterAll(() => cli.dispose());

const FEW = ['--users', '3', '--no-http'];
const past = /^simulated 45 days of 3 users: \d+ events/m;
const end = async (topic: string) => {
  const { stdout } = await cli.run(['lag', '--json'], { env: { TIPSTREAM_DATA: join('data', 'demo') } });
  return (JSON.parse(stdout) as { topic: string; log_end_offset: number }[])
    .filter((row) => row.topic === topic)
    .reduce((sum, row) => sum + row.log_end_offset, 0);
};

test('simulates the past once, shows it, and begins again with --fresh', async () => {
  const first = await cli.run(['demo', '--exit', ...FEW]);
  expect(first).toMatchObject({ code: 0, stderr: expect.stringMatching(past) as string });
  expect(first.stdout).toMatch(/^EVENTS +USERS +REJECTED +LAG +DECISIONS +SHADOW AGREED\n\d+ +3 /m);
  expect(first.stdout).toMatch(/^tip_volume_30d +\d+/m);
  const served = await end('tip.served');
  expect(served).toBeGreaterThan(50);

  const second = await cli.run(['demo', '--exit', ...FEW]);
  expect(second).toMatchObject({ code: 0, stderr: expect.stringContaining('continuing with the data in data/demo') as string });
  expect(await end('tip.served')).toBe(served);

  writeFileSync(join(cli.directory, 'data', 'demo', 'mine.txt'), 'not of the demo');
  const fresh = await cli.run(['demo', '--exit', '--fresh', '--seed', '2', ...FEW]);
  expect(fresh).toMatchObject({ code: 0, stderr: expect.stringMatching(past) as string });
  expect(await end('tip.served')).not.toBe(served);
  expect((await cli.run(['produce', 'data/demo/mine.txt'])).stderr).toMatch(/^line 1: /); // it is still there
});

test('gives people sessions and signals where these are folded', async () => {
  const data = ['--data', 'data/activity', '--features', 'core,activity'];
  const { code, stdout } = await cli.run(['demo', '--exit', ...data, ...FEW]);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^sessions_30d +[1-9]/m)]);
  expect(stdout).toMatch(/^signal_age_ms +\d+/m);
  expect(await cli.run(['verify', ...data])).toMatchObject({ code: 0 });
  const quality = await cli.run(['quality', '--json', ...data]);
  const { topics } = JSON.parse(quality.stdout) as { topics: { topic: string }[] };
  expect(topics.map(({ topic }) => topic)).toContain('app.session');
});

test.each(['SIGKILL', 'SIGINT'] as const)('a past that %s interrupted is begun again', async (signal) => {
  const data = join('data', signal);
  const interrupted = cli.start(['demo', '--users', '40', '--no-http', '--data', data, '--log-level', 'debug']);
  const exited = once(interrupted, 'exit');
  for await (const line of linesOf(interrupted.stderr)) if (line.includes('batch committed')) break;
  interrupted.kill(signal);
  await exited;
  const again = await cli.run(['demo', '--exit', '--data', data, ...FEW]);
  expect(again).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('interrupted before its past was complete: beginning again') as string,
  });
  expect(again.stderr).toMatch(past);
  expect(again.stdout).toMatch(/^\d+ +3 /m);
});
