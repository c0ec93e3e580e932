/** `sql` said "no such table" and nothing of what there is. */
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

const VIEWS = 'The views are tips, profiles, user_profile_features, decisions, offsets.';

test.each([
  ['SELECT * FROM events', `hint: ${VIEWS}`],
  ['SELECT * FROM profile', `hint: Did you mean profiles? ${VIEWS}`],
  ['SELECT * FROM main.Decision', `hint: Did you mean decisions? ${VIEWS}`],
  ['SELECT completion FROM profiles', 'hint: Run `tipstream sql --help`: it lists the columns of every view.'],
  ['SELECT served_at FROM tips', 'hint: Did you mean served_at_ms, a column of tips?'],
])('%s', async (statement, hint) => {
  const { code, stderr } = await workspace.run(['sql', statement]);
  expect(code).not.toBe(0);
  expect(stderr).toContain('error: no such');
  expect(stderr).toContain(hint);
});

test('--help names the views and their columns', async () => {
  const { stdout } = await workspace.run(['sql', '--help']);
  const help = stdout.replace(/\s+/g, ' ');
  expect(help).toContain('tips (user_id, tip_id, served_at_ms,');
  for (const view of ['profiles', 'user_profile_features', 'decisions', 'offsets']) expect(help).toContain(`${view} (`);
});
