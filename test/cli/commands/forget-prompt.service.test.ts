/** `forget` on a terminal asks for the id once more, and forgets nobody before it has it. */
import { PassThrough } from 'node:stream';
import { afterEach, expect, it, vi } from 'vitest';
import { forgetCommand } from '../../../src/cli/commands/forget.js';
import { runCommand } from '../../support/cli-in-process.js';
import { embeddedService } from '../../support/embedded/directory.js';
import { recordOf } from '../../support/embedded/service.js';

const USER = 'ana "\u{1f600}"';
afterEach(() => vi.restoreAllMocks());

async function asked(type: (keys: PassThrough) => void, signal = new AbortController().signal) {
  const embedded = await embeddedService({});
  await embedded.append(recordOf('tip.served', { user_id: USER, tip_id: 't1', served_at_ms: Date.now() - 5 }));
  const keys = Object.assign(new PassThrough(), { isTTY: true });
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(keys as unknown as typeof process.stdin);
  let shown = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((piece) => {
    shown += String(piece);
    return true;
  });
  type(keys);
  const { code, stderr } = await runCommand([forgetCommand], ['forget', USER, '--data', embedded.directory], { signal });
  const left = (await embedded.records('tip.served')).length;
  return { code, stderr, shown, left };
}

it('the id: the user is forgotten', async () => {
  const { code, stderr, shown, left } = await asked((keys) => keys.write(`${USER}\n`));
  expect(shown).toContain(`Forget ${JSON.stringify(USER)}? It cannot be undone. Type the id again: `);
  expect([code, left], stderr).toEqual([0, 0]);
});

it('another id, or none: nothing is changed', async () => {
  const other = await asked((keys) => keys.write('yes\n'));
  expect(other).toMatchObject({ code: 64, left: 1, stderr: expect.stringContaining('that is another id: nothing was changed') as string });
  const closed = await asked((keys) => keys.end());
  expect(closed).toMatchObject({ code: 64, left: 1, stderr: expect.stringContaining('the id was not typed again') as string });
});

it('Ctrl-C ends it', async () => {
  expect(await asked(() => undefined, AbortSignal.abort('SIGINT'))).toMatchObject({ code: 130, left: 1 });
});
