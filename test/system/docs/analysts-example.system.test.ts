/** The Python example, run on a snapshot with whatever of pandas and DuckDB is installed: with neither it must work too. */
import { spawnSync } from 'node:child_process';
import { afterAll, expect, test } from 'vitest';
import { join } from 'node:path';
import { CliWorkspace } from '../../support/cli-process.js';
import { VECTOR_EXPECTED, VECTOR_LINES, VECTOR_NDJSON } from '../../support/e2e/events.js';
import { ROOT } from './markdown.js';

const [asOfMs, { users }] = Object.entries(VECTOR_EXPECTED)[0]!;
const python = (...args: string[]) => spawnSync('python3', args, { encoding: 'utf8', env: { PATH: process.env.PATH } });
const cli = new CliWorkspace();
afterAll(() => cli.dispose());

test.skipIf(python('--version').status !== 0)('examples/analysts.py', async () => {
  await cli.run(['produce'], { input: VECTOR_NDJSON });
  await cli.run(['start', '--until-caught-up', '--no-http', '--log-level', 'error']);
  expect(await cli.run(['snapshot', 'tips.db', '--as-of', asOfMs])).toMatchObject({ code: 0 });
  const { status, stdout, stderr } = python(join(ROOT, 'examples/analysts.py'), join(cli.directory, 'tips.db'));
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain(`profiles as of ${asOfMs}`);
  expect(stdout).toMatch(new RegExp(`^users: ${users} `, 'm'));
  expect(stdout).toContain(`  tip.served: ${VECTOR_LINES.filter(({ topic }) => topic === 'tip.served').length}\n`);
  expect(python(join(ROOT, 'examples/analysts.py'), 'missing.db')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/tipstream snapshot/) as string,
  });
});
