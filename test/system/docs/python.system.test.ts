/** docs/python.md as a newcomer follows it: its commands, then its Python as one session, with what the page says it prints. */
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PYTHON, pythonOrSkip } from '../../support/python.js';
import { DocsShell } from './docs-shell.js';
import { fencedBlocks, readPage, ROOT, shellBlocks } from './markdown.js';

const PAGE = 'docs/python.md';
const BETWEEN = '\u001e';
/** The same from this machine alone: the environment sees the packages of the tests, and pip asks no index. */
const SITE = `-c "import sysconfig; print(sysconfig.get_path('purelib'))"`;
const WITHOUT_INDEX = [
  {
    shown: 'python3 -m venv .venv',
    real: `${PYTHON} -m venv --without-pip .venv && ${PYTHON} ${SITE} > "$(.venv/bin/python ${SITE})/test-packages.pth"`,
  },
  {
    shown: '.venv/bin/pip install',
    real: `${PYTHON} -m pip --python .venv/bin/python install --quiet --no-index --no-build-isolation --no-deps`,
  },
];

describe.runIf(pythonOrSkip('docs/python.md'))(PAGE, () => {
  const blocks = fencedBlocks(readPage(PAGE));
  const steps = blocks.flatMap((block, index) => (block.language === 'python' ? [{ block, shown: blocks[index + 1] }] : []));
  let terminal: DocsShell;
  let printed: string[] = [];

  beforeAll(async () => {
    terminal = new DocsShell();
    symlinkSync(join(ROOT, 'python'), join(terminal.directory, 'python'));
    for (const block of shellBlocks('docs/python.md', 'Install')) await terminal.follow(block, { replacements: WITHOUT_INDEX });
    writeFileSync(join(terminal.directory, 'session.py'), steps.map(({ block }) => block.text).join(`\nprint("${BETWEEN}", end="")\n`));

    const [data] = shellBlocks('docs/python.md', 'Something to try it on');
    const commands = data!.text.split('\n');
    expect(commands.at(-1)).toBe('npx tipstream start');
    await terminal.follow({ ...data!, text: commands.slice(0, -1).join('\n') });
    await terminal.serve(commands.at(-1)!, async (address) => {
      const { printed: all, exitCode } = await terminal.run(`TIPSTREAM_URL=${address} .venv/bin/python session.py`);
      expect([exitCode, exitCode === 0 ? '' : all]).toEqual([0, '']);
      printed = all.split(BETWEEN);
    });
  });
  afterAll(() => terminal.dispose());

  it('has steps, and each is followed by what it prints', () => {
    expect(steps.length).toBeGreaterThan(10);
    expect(steps.filter(({ shown }) => shown?.language !== 'text').map(({ block }) => block.line)).toEqual([]);
    expect(printed.length).toBe(steps.length);
  });

  it.each(steps.map(({ block, shown }, index) => [`line ${block.line}: ${block.heading}`, shown?.text, index] as const))(
    '%s',
    (_, shown, index) => {
      expect(printed[index]?.trimEnd()).toBe(shown);
    },
  );

  it('installed what the page names, and not the sources', async () => {
    const { printed: where } = await terminal.run(
      '.venv/bin/python -c "import tipstream_client as c, profile_schema as s; print(c.__file__, s.__file__)"',
    );
    expect(where.match(/site-packages/g)).toHaveLength(2);
  });
});
