/** Of an empty user, or one with a control character, the CLI said user_not_found and to try another time; HTTP says what is wrong. */
import { expect, it } from 'vitest';
import { policiesFamily } from '../../src/cli/commands/policies/policies.js';
import { profileCommand } from '../../src/cli/commands/profile.js';
import { rebuildCommand } from '../../src/cli/commands/rebuild.js';
import { runCommand } from '../support/cli-in-process.js';

const COMMANDS = [profileCommand, rebuildCommand, policiesFamily];

it.each(['', '\u0001', 'a\nb', 'x'.repeat(129), '\ud800'])('%j', async (user) => {
  for (const argv of [
    ['profile', user],
    ['rebuild', '--user', user],
    ['policies', 'migrate', 'egreedy-v1', 'egreedy-v2', '--user', user],
  ]) {
    const { code, stdout, stderr } = await runCommand(COMMANDS, [...argv, '--data', 'no-such-folder']);
    expect([code, stdout, stderr]).toEqual([
      64,
      '',
      expect.stringMatching(/^error: (USER|--user) must be a user_id: 1 to 128 characters, none of them a control character /),
    ]);
  }
});
