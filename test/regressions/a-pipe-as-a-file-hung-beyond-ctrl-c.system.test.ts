/** A pipe named as a file that is read kept the process from ending, whatever signal came; `<(...)` as a spine failed with ESPIPE. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliWorkspace } from '../support/cli-process.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const TOUR = fileURLToPath(new URL('../../examples/tour.ndjson', import.meta.url));
const workspace = new CliWorkspace();
afterAll(() => workspace.dispose());

beforeAll(async () => {
  await workspace.run(['produce', TOUR]);
  await workspace.run(['start', '--until-caught-up', '--no-http']);
  expect(spawnSync('mkfifo', [join(workspace.directory, 'pipe')]).status).toBe(0);
  writeFileSync(join(workspace.directory, 'spine.csv'), 'user_id,as_of_ms,label\nana,2026-11-20,1\n');
});

/** What was deaf: an open in a thread of Node's pool, a read of one, and a read that held up everything. */
const WAITING: readonly [signal: NodeJS.Signals, code: number, args: readonly string[]][] = [
  ['SIGINT', 130, ['export', '--spine', 'pipe']],
  ['SIGTERM', 143, ['produce', 'pipe']],
  ['SIGINT', 130, ['profile', 'ana', '--known-at', 'pipe']],
  ['SIGINT', 130, ['profile', 'ana', '--known-at', '-']],
  ['SIGTERM', 0, ['start', '--no-http', '--data', 'other', '--brokers', '127.0.0.1:1', '--kafka-ca', 'pipe']],
];

it('a signal ends every command that waits for a pipe', async () => {
  const waiting = WAITING.map(([signal, code, args]) => ({ signal, code, args, child: workspace.start(args) }));
  await delay(4_000); // until all of them wait
  for (const { signal, code, args, child } of waiting) {
    expect(child.exitCode, args.join(' ')).toBeNull();
    const beganMs = performance.now();
    const ended = once(child, 'exit');
    child.kill(signal);
    expect(await ended, args.join(' ')).toEqual([code, null]);
    expect(performance.now() - beganMs).toBeLessThan(3_000);
  }
});

it.each(['--spine <(cat spine.csv)', '--spine - < spine.csv'])('export %s prints the rows of the file', (args) => {
  const exported = (named: string) =>
    spawnSync('bash', ['-c', `"${process.execPath}" "${MAIN}" export --format csv ${named}`], {
      cwd: workspace.directory,
      encoding: 'utf8',
    });
  const wanted = exported('--spine spine.csv');
  expect(wanted.stdout.split('\r\n')).toHaveLength(3);
  expect(exported(args)).toMatchObject({ status: 0, stdout: wanted.stdout, stderr: '' });
});
