/** `rebuild --help` said of --json "it always does", and without it printed tables. */
import { afterAll, expect, test } from 'vitest';
import { CliWorkspace } from '../support/cli-process.js';

const workspace = new CliWorkspace();
afterAll(() => workspace.dispose());

const jsonHelp = async (command: string) => {
  const { stdout } = await workspace.run([command, '--help']);
  return /--json {2,}([^]*?)\n\s*(-|\n)/.exec(stdout)![1]!.replace(/\s+/g, ' ').trim();
};

test('rebuild says what --json changes, and tail that it changes nothing', async () => {
  expect(await jsonHelp('rebuild')).toBe(
    'print lines of JSON instead of tables: progress about once a second, and the result as the last line',
  );
  expect(await jsonHelp('tail')).toBe('changes nothing: it always prints one line of JSON a record');
  expect(await jsonHelp('digest')).toBe('print one JSON document');
});
