/**
 * The path of a policy's owner, by the page alone: on simulated users for whom the new policy is better it ends with the policy live
 * for all but a hold-out, and on others with HOLD. A file of its own, as it takes minutes.
 */
import { afterAll, describe, it } from 'vitest';
import { DocsShell } from './docs-shell.js';
import { shellBlocks } from './markdown.js';
import { followTours } from './tours.js';

const TOURS = [
  ['docs/policies.md', 'The path'],
  ['docs/policies.md', 'When the new policy is not better'],
] as const;
/** On the data that the path leaves. */
const FOLLOWED = [
  ['docs/policies.md', 'Many at once'],
  ['docs/policies.md', 'How long until a verdict'],
  ['docs/policies.md', 'An A/A test'],
  ['docs/policies.md', 'A prior for newcomers'],
] as const;

const terminal = new DocsShell();
afterAll(() => terminal.dispose());

followTours(TOURS, terminal);

describe('on what the path has left', () => {
  it.each(FOLLOWED)('%s, %s', async (page, heading) => {
    for (const block of shellBlocks(page, heading)) await terminal.follow(block);
  });
});
