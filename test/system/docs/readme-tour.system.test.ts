/**
 * Follows the README and the page on policies as a newcomer would: their commands, in order, each page in an empty directory, and
 * compares what they print.
 */
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { difference } from './expected-output.js';
import { fencedBlocks, markdownFiles, readPage, ROOT, type FencedBlock } from './markdown.js';

const MAIN = join(ROOT, 'dist/cli/main.js');
const TOURS = [
  ['README.md', 'Five-minute tour'],
  ['docs/policies.md', 'From nothing to a verdict'],
] as const;
let directory: string;

/** For each group of tests a directory of its own. */
function enterDirectory(): void {
  if (!existsSync(MAIN)) throw new Error('dist/ is missing: npm run build first');
  directory = mkdtempSync(join(tmpdir(), 'tipstream-tour-'));
  cpSync(join(ROOT, 'examples'), join(directory, 'examples'), { recursive: true });
  // In place of the real npx: what it would find after npm ci is the file that was built.
  const npx = join(directory, '.bin', 'npx');
  mkdirSync(dirname(npx));
  writeFileSync(npx, `#!/bin/sh\ntest "$1" = tipstream || exit 127\nshift\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
  chmodSync(npx, 0o755);
}
const leaveDirectory = (): void => rmSync(directory, { recursive: true, force: true });

/** Output and errors as a terminal shows them, and the exit code of the last command. */
function shell(script: string): Promise<{ readonly printed: string; readonly exitCode: number | null }> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(KAFKA_|TIPSTREAM_|NODE_OPTIONS$)/.test(name));
  const env = { ...Object.fromEntries(inherited), PATH: `${join(directory, '.bin')}${delimiter}${process.env.PATH}`, NO_COLOR: '1' };
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', `exec 2>&1\n${script}`], { cwd: directory, env });
    let printed = '';
    child.stdout.on('data', (piece: Buffer) => (printed += piece.toString()));
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ printed, exitCode }));
  });
}

/** Each block of commands with the block of output behind it. */
function stepsOf(page: string, tour: string): { readonly commands: FencedBlock; readonly output: FencedBlock | undefined }[] {
  const blocks = fencedBlocks(readPage(page)).filter(({ heading }) => heading === tour);
  return blocks.flatMap((commands, index) => {
    if (commands.language !== 'sh') return [];
    const next = blocks[index + 1];
    return [{ commands, output: next === undefined || next.language === 'sh' ? undefined : next }];
  });
}

describe.each(TOURS)('%s, %s', (page, tour) => {
  const steps = stepsOf(page, tour);
  beforeAll(enterDirectory);
  afterAll(leaveDirectory);

  it('has steps', () => {
    expect(steps.length).toBeGreaterThan(4);
    expect(steps.filter(({ output }) => output !== undefined).length).toBeGreaterThan(4);
  });

  it.each(steps.map((step) => [`line ${step.commands.line}: ${step.commands.text.split('\n').at(-1)}`, step] as const))(
    '%s',
    async (_, { commands, output }) => {
      const { printed, exitCode } = await shell(commands.text);
      const differs = difference(output?.language ?? 'text', output?.text ?? '', printed);
      expect(differs?.actual).toBe(differs?.expected);
      expect(exitCode).toBe(0);
    },
  );
});

describe('commands in the docs', () => {
  beforeAll(enterDirectory);
  afterAll(leaveDirectory);
  const commands = markdownFiles().flatMap((page) => {
    const inBlocks = fencedBlocks(readPage(page))
      .filter(({ language }) => language === 'sh')
      .flatMap(({ text }) => text.split('\n'));
    const inText = [...readPage(page).matchAll(/`((?:npx )?tipstream [^`\n]+)`/g)].map((match) => match[1]!);
    return [...inBlocks, ...inText].flatMap((line) =>
      [...line.matchAll(/(?:npx )?tipstream ([a-z][^|;#`]*)/g)].map((match) => ({ page, words: match[1]!.trim().split(/\s+/) })),
    );
  });
  const FAMILIES = ['topics', 'dead-letters', 'policies'];
  const helps = new Map<string, Promise<{ readonly printed: string; readonly exitCode: number | null }>>();

  it('are many', () => {
    expect(commands.length).toBeGreaterThan(15);
  });

  it('exist, and take the options that are shown', async () => {
    const unknown: string[] = [];
    for (const { page, words } of commands) {
      const name = FAMILIES.includes(words[0]!) ? words.slice(0, 2).join(' ') : words[0]!;
      if (!helps.has(name)) helps.set(name, shell(`npx tipstream ${name} --help`));
      const { printed, exitCode } = await helps.get(name)!;
      const flags = words.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0]!);
      const known = exitCode === 0 && printed.startsWith(`Usage: tipstream ${name} `);
      if (!known || flags.some((flag) => !printed.includes(flag))) unknown.push(`${page}: tipstream ${words.join(' ')}`);
    }
    expect(unknown).toEqual([]);
  });
});
