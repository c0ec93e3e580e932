import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliWorkspace } from '../support/cli-process.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const TOUR = fileURLToPath(new URL('../../examples/tour.ndjson', import.meta.url));
const workspace = new CliWorkspace();
afterAll(() => workspace.dispose());

const env = { PATH: process.env.PATH, HOME: process.env.HOME };
/** The exit code of the command alone, in a pipeline or with a redirection that a shell makes. */
const shell = (command: string) =>
  spawnSync('bash', ['-c', `tip() { "${process.execPath}" "${MAIN}" "$@"; }; ${command}; exit \${PIPESTATUS[0]}`], {
    cwd: workspace.directory,
    encoding: 'utf8',
    env,
  });

beforeAll(async () => {
  await workspace.run(['produce', TOUR]);
  await workspace.run(['start', '--until-caught-up', '--no-http']);
  writeFileSync(join(workspace.directory, 'bad.ndjson'), '{\n'.repeat(2_000));
});

it.each([
  ['evaluate --json', 2],
  ['verify --json', 0],
  ['digest --json', 0],
  ['produce bad.ndjson 2>&1', 1],
  ['profile nobody --json 2>&1', 1],
  ['schema --nope --json 2>&1', 64],
  ['tail tip.served --from-beginning --until-end', 141],
  ['export --as-of 2026-11-20', 141],
  ['lag --watch', 141],
  ['sql "SELECT 1"', 141],
])('%s | true ends with %i', (args, code) => {
  expect(shell(`tip ${args} | true`).status).toBe(code);
});

// Every other command is walked in one process, by the test of every command.
it.each(['--help', 'demo --exit --users 1 --no-http', 'rebuild --dry-run --json', 'profile nobody --json', 'schema --nope --json'])(
  '%s > /dev/full ends with 74, and says why once',
  (args) => {
    const { status, stderr } = shell(`tip ${args} > /dev/full`);
    expect({ status, stderr }).toMatchObject({ status: 74 });
    expect(stderr.match(/^error: cannot write stdout: no space is left \[output_failed\]$/gm)).toHaveLength(1);
  },
);

it('start goes on when nobody reads its log any more', async () => {
  const child = spawn(process.execPath, [MAIN, 'start', '--http', '127.0.0.1:0', '--log-level', 'debug'], {
    cwd: workspace.directory,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await once(child.stderr, 'data');
  child.stderr.destroy();
  await workspace.run(['produce', TOUR]);
  await delay(500);
  expect(child.exitCode).toBeNull();
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
