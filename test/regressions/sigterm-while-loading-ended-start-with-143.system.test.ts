/**
 * For the first seven tenths of a second, while it loaded its commands, SIGTERM killed `start`. And Ctrl-C under npx, which passes on the
 * signal that the terminal has sent to both, cut the service off with 130: the second one counted as impatience.
 */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { CliWorkspace } from '../support/cli-process.js';

const HOOK = fileURLToPath(new URL('../support/signal-while-loading.mjs', import.meta.url));
const workspace = new CliWorkspace();
afterAll(() => workspace.dispose());

it.each([
  ['SIGTERM', 'start', 0, 'start.js'],
  ['SIGINT', 'start', 0, 'start.js'],
  ['SIGTERM', 'start --until-caught-up', 0, 'start.js'],
  ['SIGINT', 'start --until-caught-up', 130, 'start.js'],
  ['SIGTERM', 'schema', 143, 'schema/show.js'],
  ['SIGINT', 'schema', 130, 'schema/show.js'],
])('%s while the command is loaded: %s ends with %i, and has done nothing', async (signal, args, code, file) => {
  const env = { NODE_OPTIONS: `--import ${HOOK}`, SIGNAL: signal, WHILE_LOADING: `/cli/commands/${file}` };
  expect(await workspace.run(args.split(' '), { env })).toEqual({ code, stdout: '', stderr: '' });
});

it.each(['SIGINT', 'SIGTERM'] as const)('%s that comes twice at once is one', async (signal) => {
  const child = workspace.start(['start', '--no-http']);
  let log = '';
  child.stderr.on('data', (piece: Buffer) => (log += piece.toString()));
  while (!log.includes('joined the consumer group')) await once(child.stderr, 'data');
  const ended = once(child, 'exit');
  child.kill(signal);
  await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill(signal);
  expect([await ended, log]).toEqual([[0, null], expect.stringContaining('"stopping"')]);
});
