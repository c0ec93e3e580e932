/** Packs the project, installs it elsewhere, and compiles and runs there what the pages show in TypeScript. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fencedBlocks, readPage, ROOT, shellBlocks } from '../docs/markdown.js';
import { InstalledPackage, type Tarball } from './installed-package.js';

const INSTALL_MS = 240_000;
/** The service, in one file, is the largest. */
const LARGE_BYTES = 500_000;

const snippets = ['README.md', 'docs/library.md'].flatMap((page) =>
  fencedBlocks(readPage(page))
    .filter(({ language }) => language === 'ts')
    .map(({ text, line, heading }) => ({ name: `${page.replace(/\W/g, '-')}-${line}`, page, heading, text })),
);
const snippetUnder = (page: string, heading: string) => {
  const found = snippets.find((snippet) => snippet.page === page && snippet.heading === heading);
  if (found === undefined) throw new Error(`${page} has no TypeScript under "${heading}"`);
  return join('compiled', `${found.name}.js`);
};

const project = new InstalledPackage();
let tarball: Tarball;
let warnings: string;

beforeAll(async () => {
  tarball = await project.pack();
  warnings = await project.install(tarball);
  for (const { name, text } of snippets) project.write(join('snippets', `${name}.ts`), text);
}, INSTALL_MS);

afterAll(() => project.dispose());

describe('the tarball', () => {
  const paths = () => tarball.files.map(({ path }) => path);

  test('holds what is run, read and followed', () => {
    const needed = [
      'package.json',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'dist/index.js',
      'dist/index.d.ts',
      'dist/cli/main.js',
      'dist/consumers/worker/threads/checkpoint-thread.js',
      'dist/consumers/worker/threads/worker-thread.js',
      'dist/rebuild/rebuild-thread.js',
      'dist/THIRD-PARTY-NOTICES.txt',
      'dist/web/index.html',
      'contracts/asyncapi.json',
      'contracts/schemas/tip.served.schema.json',
      'deploy/alerts.yml',
      'deploy/grafana/tipstream.json',
      'deploy/prometheus.yml',
      'examples/tour.ndjson',
      'docs/semantics.md',
      'docs/library.md',
    ];
    expect(paths()).toEqual(expect.arrayContaining(needed));
  });

  test('holds nothing else: no sources, tests, data or settings', () => {
    const known = [
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
      /^dist\/(THIRD-PARTY-NOTICES\.txt|.+\.(js|d\.ts))$/,
      /^dist\/web\/(index\.html|page\/[^/]+\.(css|svg))$/,
      /^contracts\/.+\.json$/,
      /^deploy\/(prometheus\.yml|alerts\.yml|grafana\/tipstream\.json)$/,
      /^examples\/[^/]+\.(ndjson|py|yaml)$/,
      /^examples\/people\/[^/]+\.json$/,
      /^docs\/.+\.md$/,
      /^docs\/images\/.+\.svg$/,
    ];
    expect(paths().filter((path) => !known.some((pattern) => pattern.test(path)))).toEqual([]);
    expect(paths().filter((path) => /(^|\/)(test|bench|node_modules)\//.test(path))).toEqual([]);
  });

  test('holds nothing large', () => {
    expect(tarball.files.filter(({ size }) => size > LARGE_BYTES)).toEqual([]);
    expect(tarball.size).toBeLessThan(1_500_000);
  });
});

describe('installed elsewhere', () => {
  test('from the file that the pages name, with the commands that they show', () => {
    const { text } = shellBlocks('docs/library.md', 'Installing')[0]!;
    expect(text.split('\n').map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(['npm pack', 'npm install']);
    for (const page of [text, readPage('README.md')]) expect(page).toContain(`npm install ../tipstream/${basename(tarball.path)}`);
  });

  test('no package in it needs a newer Node.js than tipstream says', () => {
    expect(project.packagesThatNeedANewerNode()).toEqual([]);
    expect(warnings).not.toContain('EBADENGINE');
  });

  test('it has the model cards', async () => {
    project.write(
      'card.mjs',
      `import { readFileSync } from 'node:fs';\nconsole.log(readFileSync('node_modules/tipstream/docs/models/egreedy-v2.md', 'utf8'));\n`,
    );
    expect((await project.node('card.mjs')).stdout).toContain('# egreedy-v2');
  });

  test('npx tipstream --version', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect((await project.npx('tipstream', '--version')).stdout).toBe(`${version}\n`);
  });

  test('what the pages show in TypeScript compiles, strictly', async () => {
    expect(snippets.length).toBeGreaterThan(4);
    expect(await project.compile()).toBe('');
  });

  test('before anything is folded, a profile is an error that says so', async () => {
    expect((await project.node(snippetUnder('README.md', 'As a library'))).stderr).toMatch(/^no_data Run `tipstream start`/);
  });

  test('events are produced, folded and read', async () => {
    await project.npx('tipstream', 'produce', 'node_modules/tipstream/examples/tour.ndjson');
    expect((await project.node(snippetUnder('README.md', 'Producing events'))).stderr).toBe('');
    const { stdout } = await project.node(snippetUnder('docs/library.md', 'Producing'));
    expect(stdout).toMatch(/^at offset \d+ of partition \d\ntip\.feedback: tip_id: must be 1 to 128 code points/);
    await project.npx('tipstream', 'start', '--until-caught-up', '--no-http', '--log-level', 'error');

    expect((await project.node(snippetUnder('README.md', 'As a library'))).stdout).toBe('0.6666666666666666\n');
    expect((await project.node(snippetUnder('docs/library.md', 'Reading profiles'))).stdout).toMatch(/^work \{/);
    expect((await project.node(snippetUnder('docs/library.md', 'Features of your own'))).stdout).toBe('0\n');
    expect((await project.node(snippetUnder('docs/library.md', 'Rebuilding one profile'))).stdout).toMatch(
      /^\d+ events replayed; wrong were: none\n$/,
    );
  });

  test('a CommonJS program finds it too', async () => {
    project.write('program.cjs', "console.log(require('tipstream').TOPIC_NAMES.includes('tip.served'));\n");
    expect((await project.node('program.cjs')).stdout).toBe('true\n');
  });

  test('beside a running service profiles are read, and a rebuild is refused', async () => {
    const service = project.spawn('tipstream', 'start', '--http', '127.0.0.1:0', '--log-level', 'error');
    const exited = once(service, 'exit');
    let address = '';
    for await (const line of createInterface({ input: service.stderr! })) {
      address = /tipstream answers at (http\S+)/.exec(line)?.[1] ?? '';
      if (address !== '') break;
    }

    expect((await project.node(snippetUnder('README.md', 'As a library'))).stdout).toBe('0.6666666666666666\n');
    await expect(project.node(snippetUnder('docs/library.md', 'Rebuilding one profile'))).rejects.toMatchObject({
      stderr: expect.stringContaining("code: 'data_in_use'") as string,
    });
    const shell = await (await fetch(address)).text();
    const scripts = [...shell.matchAll(/src="(\/page\/[^"]+\.js)"/g)].map(([, path]) => path!);
    expect(scripts).toHaveLength(1);
    expect((await fetch(`${address}${scripts[0]}`)).status).toBe(200);
    service.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
});
