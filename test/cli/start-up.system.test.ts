/**
 * What a command loads before it does anything: a file costs half a millisecond, its text some more, and a large package up to a tenth of a
 * second. The files of dist name the sources that they are made of.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliWorkspace } from '../support/cli-process.js';
import { ROOT } from '../system/docs/markdown.js';

const HOOK = fileURLToPath(new URL('../support/list-modules.mjs', import.meta.url));
const DIST = pathToFileURL(join(ROOT, 'dist/')).href;
const cli = new CliWorkspace();
beforeAll(async () => {
  expect(await cli.run(['produce', join(ROOT, 'examples/tour.ndjson')])).toMatchObject({ code: 0 });
  expect(await cli.run(['start', '--until-caught-up', '--no-http'])).toMatchObject({ code: 0 });
});
afterAll(() => cli.dispose());

interface Loaded {
  /** Also of which code is in a file of dist. */
  readonly packages: readonly string[];
  /** In src, without its name. */
  readonly sources: readonly string[];
  /** How many files of dist. */
  readonly files: number;
}

let lists = 0;
async function loadedBy(...argv: string[]): Promise<Loaded> {
  const list = join(cli.directory, `modules-${++lists}`);
  const { code, stderr } = await cli.run(argv, { env: { NODE_OPTIONS: `--import ${HOOK}`, MODULES_TO: list } });
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  return loadedOf(list);
}

function loadedOf(list: string): Loaded {
  const urls = readFileSync(list, 'utf8').split('\n');
  const files = [...new Set(urls.filter((url) => url.startsWith(DIST)))];
  const bundled = files.flatMap((url) =>
    [...readFileSync(fileURLToPath(url), 'utf8').matchAll(/^\/\/ (\S+\.[jt]s)$/gm)].map(([, path]) => path!),
  );
  const found = (of: readonly string[], pattern: RegExp) => [...new Set(of.flatMap((path) => pattern.exec(path)?.[1] ?? []))].sort();
  return {
    packages: found([...urls, ...bundled], /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)/),
    sources: found(bundled, /^src\/(.*)$/),
    files: files.length,
  };
}

/** Of other rooms; they import nothing that costs time. */
const LEAVES = ['events/strings.ts', 'projections/object-value.ts'];

it('--help loads the list of the commands, and no command', async () => {
  const { packages, sources, files } = await loadedBy('--help');
  expect(packages).toEqual(['commander']);
  expect(files).toBeLessThan(20);
  expect(sources.filter((name) => name.startsWith('cli/commands/'))).toEqual(
    ['dead-letters', 'features', 'policies', 'quality', 'schema', 'topics'].map((family) => `cli/commands/${family}/${family}.ts`),
  );
  expect(sources.filter((name) => name.includes('/') && !name.startsWith('cli/'))).toEqual(LEAVES);
});

it.each(['profile', 'digest'])('%s loads what it reads with, and neither the service nor another command', async (command) => {
  const { packages, sources, files } = await loadedBy(command, ...(command === 'profile' ? ['ana', '--as-of', '2026-11-21'] : []));
  expect(packages).toEqual(['better-sqlite3', 'commander']);
  expect(files).toBeLessThan(50);
  expect(
    sources.filter((name) => /^(http|service|consumers|policies|demo|evaluation|rebuild|verify|log\/(kafka|sqlite))\//.test(name)),
  ).toEqual([]);
});

it('start --no-http loads no HTTP, and what makes a log readable only where a person reads it', async () => {
  const { packages, sources, files } = await loadedBy('start', '--until-caught-up', '--no-http');
  expect(packages).toEqual(['@opentelemetry/api', 'better-sqlite3', 'commander', 'pino', 'prom-client', 'zod']);
  expect(sources.filter((name) => /^(http|log\/kafka|demo|simulation)\//.test(name))).toEqual([]);
  expect(files).toBeLessThan(200);
});
