/** Tours of the docs: the commands under a heading, in order, in one directory, with what the page says they print. */
import { describe, expect, it } from 'vitest';
import type { DocsShell } from './docs-shell.js';
import { difference } from './expected-output.js';
import { fencedBlocks, readPage, type FencedBlock } from './markdown.js';

/** Each block of commands with the block of output behind it. */
function stepsOf(page: string, tour: string): { readonly commands: FencedBlock; readonly output: FencedBlock | undefined }[] {
  const blocks = fencedBlocks(readPage(page)).filter(({ heading }) => heading === tour);
  return blocks.flatMap((commands, index) => {
    if (commands.language !== 'sh') return [];
    const next = blocks[index + 1];
    return [{ commands, output: next === undefined || next.language === 'sh' ? undefined : next }];
  });
}

/** What is printed is compared with the page; a step without output ends with 0. */
export function followTours(tours: readonly (readonly [page: string, heading: string])[], terminal: DocsShell): void {
  describe.each(tours)('%s, %s', (page, tour) => {
    const steps = stepsOf(page, tour);
    const compared = steps.filter(({ output }) => output !== undefined);

    it('has steps', () => {
      expect(steps.length).toBeGreaterThan(2);
      expect(compared.length).toBeGreaterThan(0);
    });

    it.each(steps.map((step) => [`line ${step.commands.line}: ${step.commands.text.split('\n').at(-1)}`, step] as const))(
      '%s',
      async (_, { commands, output }) => {
        if (output === undefined) return terminal.follow(commands);
        const { printed, exitCode } = await terminal.run(commands.text);
        const differs = difference(output.language, output.text, printed);
        expect(differs?.actual).toBe(differs?.expected);
        expect(exitCode).toBe(Number(/# exit code (\d+)/.exec(commands.text)?.[1] ?? 0));
      },
    );
  });
}
