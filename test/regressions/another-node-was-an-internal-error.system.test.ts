/** After a switch of Node's major version, every command died with a fault of tipstream instead of saying what to run. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CliWorkspace } from '../support/cli-process.js';
import { ROOT } from '../system/docs/markdown.js';

const workspace = new CliWorkspace();
beforeAll(async () => {
  await workspace.run(['produce', join(ROOT, 'examples/tour.ndjson')]);
  await workspace.run(['start', '--until-caught-up', '--no-http']);
});
afterAll(() => workspace.dispose());

const OTHER_MAJOR =
  "The module '/x/better_sqlite3.node' was compiled against a different Node.js version using NODE_MODULE_VERSION 127. " +
  'This version of Node.js requires NODE_MODULE_VERSION 115. Please try re-compiling';

/** Node.js says so while it loads the compiled half of better-sqlite3. */
const refusing = (message: string) => {
  const program = `process.dlopen = () => { throw Object.assign(new Error(${JSON.stringify(message)}), { code: 'ERR_DLOPEN_FAILED' }); };`;
  return `data:text/javascript;base64,${Buffer.from(program).toString('base64')}`;
};

test.each([
  ['start', '--until-caught-up', '--no-http'],
  ['produce', join(ROOT, 'examples/tour.ndjson')],
  ['profile', 'ana'],
  ['digest'],
  ['verify'],
  ['sql', 'SELECT 1'],
  ['export', '--as-of', '2026-11-20'],
  ['lag'],
  ['snapshot', 'snapshot.db'],
  ['tail', 'tip.served'],
] as const)('%s says which command mends it, in one line', async (...args) => {
  const started = await workspace.run(args, { env: { NODE_OPTIONS: `--import "${refusing(OTHER_MAJOR)}"` } });
  const message =
    `better-sqlite3 was compiled for another major version of Node.js than this ${process.version}: ` +
    'run `npm rebuild better-sqlite3` [sqlite_not_loaded]';
  expect(started).toMatchObject({ code: 1, stdout: '' });
  // The lines of start are JSON where nobody watches.
  if (args[0] === 'start') expect(JSON.parse(started.stderr)).toMatchObject({ level: 60, msg: message });
  else expect(started.stderr).toBe(`error: ${message}\n`);
});
