/** No command stands in the docs that nobody runs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.js';
import { runCommand } from '../../support/cli-in-process.js';
import { everyCommand } from '../../support/every-command.js';
import { fencedBlocks, markdownFiles, readPage, ROOT } from './markdown.js';

/** What no test can run as it stands, and what comes closest. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'README.md, Two commands':
    'CI begins with npm ci, cli/demo.system runs the demo, regressions/every-card-in-the-image-was-null what the image starts',
  'CONTRIBUTING.md, Set-up': 'CI runs the same commands one by one',
  'docs/architecture.md, The simulation': 'faults/*.service runs the same seeds in parts',
  'docs/benchmarks.md, Peers': 'they take minutes; bench/peers.kafka runs two contenders',
  'docs/benchmarks.md, Benchmarks': 'they take minutes; bench/policies.system runs a part',
  'docs/benchmarks.md, The way to the fold': 'it measures; record-batch.property and merge-queue.unit run what it measures',
  'docs/benchmarks.md, The wire format of a schema registry': 'it measures; schema-registry.service runs what it measures',
  'docs/benchmarks.md, A guard': 'bench/fold-cost.system runs the same program, with more arguments',
  'docs/benchmarks.md, The join': 'they take minutes; export/join.service joins many rows with users of many tips',
  'docs/performance.md, Beside other engines': 'it takes minutes; bench/peers.kafka runs two contenders',
};

/** What a program prints, in a block of output. */
const PRINTED = new Set(['docs/analysts.md: `tipstream rebuild`']);

const blocks = markdownFiles().flatMap((page) =>
  fencedBlocks(readPage(page))
    .filter(({ language }) => /^(sh|bash|shell|console)$/.test(language))
    .map((block) => ({ ...block, page, name: `${page}, ${block.heading}` })),
);

/** Pages and headings that tests name, as in shellBlocks('README.md', 'On your Kafka'). */
const followed = new Set(
  readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(system|kafka|service)\.test\.ts$/.test(name))
    .flatMap((name) => [...readFileSync(join(ROOT, 'test', name), 'utf8').matchAll(/(?<!snippetUnder\()'([\w/]+\.md)',\s*'([^'\n]+)'/g)])
    .map((match) => `${match[1]}, ${match[2]}`),
);

describe('each block of commands', () => {
  it('is followed by a test', () => {
    expect(blocks.length).toBeGreaterThan(30);
    const notFollowed = blocks.map(({ name }) => name).filter((name) => !followed.has(name) && NOT_RUN[name] === undefined);
    expect(notFollowed, 'name page and heading in a test such as tours.system.test.ts').toEqual([]);
  });
  it('is excused only where it is not followed, and there is such a block', () => {
    for (const name of Object.keys(NOT_RUN)) {
      expect(blocks.map((block) => block.name)).toContain(name);
      expect([name, followed.has(name)]).toEqual([name, false]);
    }
  });
  it('calls tipstream as a newcomer can', () => {
    const bare = blocks.flatMap(({ page, text, line }) =>
      text
        .split('\n')
        .flatMap((command, index) => (/(^|[|;&(]\s*)tipstream /.test(command) ? [`${page}:${line + index}: ${command}`] : [])),
    );
    expect(bare).toEqual([]);
    const prose = markdownFiles().filter((page) => /^(README|CONTRIBUTING)\.md$|^docs\/[^/]+\.md$/.test(page));
    const spans = prose.flatMap((page) =>
      [...readPage(page).matchAll(/^(?!```).*(`tipstream [a-z][^`\n]*`)/gm)].map(([, span]) => `${page}: ${span}`),
    );
    expect(spans.filter((span) => !PRINTED.has(span))).toEqual([]);
  });
  it('runs only scripts of package.json, with options that they have', () => {
    const { scripts } = JSON.parse(readPage('package.json')) as { scripts: Record<string, string> };
    const called = blocks.flatMap(({ text }) => [...text.matchAll(/npm run (?:-s )?([\w:]+)(?: -- ([^#>\n]*))?/g)]);
    expect(called.length).toBeGreaterThan(5);
    for (const [line, name, words = ''] of called) {
      const script = scripts[name!];
      expect(script, line).toBeDefined();
      // The options are in the program's own file, or in options.ts beside it.
      const program = script!.split(' ').at(-1)!;
      const sources = [program, join(dirname(program), 'options.ts')].filter((path) => existsSync(join(ROOT, path))).map(readPage);
      const unknown = [...words.matchAll(/--([\w-]+)/g)].filter(([, option]) => !sources.some((text) => text.includes(option!)));
      expect(unknown.map(([option]) => `${line}: ${option}`)).toEqual([]);
    }
  });
});

describe('commands in the docs, and in what the program says', () => {
  const commandsIn = (page: string, line: string) =>
    [...line.matchAll(/(?:npx )?tipstream ([a-z][^|;#`$\\]*)/g)].map((match) => ({ page, words: match[1]!.trim().split(/\s+/) }));
  const inDocs = markdownFiles().flatMap((page) => {
    const inBlocks = blocks.filter((block) => block.page === page).flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'));
    const inText = [...readPage(page).matchAll(/`((?:npx )?tipstream [^`\n]+)`/g)].map((match) => match[1]!);
    return [...inBlocks, ...inText].flatMap((line) => commandsIn(page, line));
  });
  const inHints = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) =>
      [...readPage(`src/${name}`).matchAll(/(?:\\`|(?<!\\)`(?![^`\n]*\$\{))(tipstream [a-z][^`\n]*)`/g)].flatMap((match) =>
        commandsIn(`src/${name}`, match[1]!),
      ),
    );
  beforeAll(everyCommand, 120_000); // loads them
  const families = new Map(COMMANDS.flatMap((entry) => ('commands' in entry ? [[entry.name, entry] as const] : [])));
  /** `schema TOPIC` is `schema show TOPIC`. */
  const nameOf = ([first, second = '']: readonly string[]): readonly string[] => {
    const family = families.get(first!);
    if (family === undefined) return [first!];
    const isNamed = family.default === undefined || family.commands.some(({ name }) => name === second);
    return [first!, isNamed ? second : family.default!];
  };

  it('are many', () => {
    expect(inDocs.length).toBeGreaterThan(40);
    expect(inHints.length).toBeGreaterThan(20);
  });

  it('exist, and take the options that are shown', async () => {
    const unknown: string[] = [];
    for (const { page, words } of [...inDocs, ...inHints]) {
      const name = nameOf(words);
      const { stdout, code } = await runCommand(COMMANDS, [...name, '--help']);
      const flags = words.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0]!);
      const known = code === 0 && stdout.startsWith(`Usage: tipstream ${name.join(' ')} `) && !/^Usage: .*\[command\]/.test(stdout);
      if (!known || flags.some((flag) => !stdout.includes(flag))) unknown.push(`${page}: tipstream ${words.join(' ')}`);
    }
    expect(unknown).toEqual([]);
  });
});
