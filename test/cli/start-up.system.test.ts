/** What a command loads before it does anything: a file costs half a millisecond, and a large package up to a tenth of a second. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliWorkspace } from '../support/cli-process.js';
import { ROOT } from '../system/docs/markdown.js';

const HOOK = fileURLToPath(new URL('../support/list-modules.mjs', import.meta.url));
const cli = new CliWorkspace();
beforeAll(async () => {
  expect(await cli.run(['produce', join(ROOT, 'examples/tour.ndjson')])).toMatchObject({ code: 0 });
  expect(await cli.run(['start', '--until-caught-up', '--no-http'])).toMatchObject({ code: 0 });
});
afterAll(() => cli.dispose());

interface Loaded {
  readonly packages: readonly string[];
  /** In dist, without its name. */
  readonly files: readonly string[];
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
  const found = (pattern: RegExp) => [...new Set(urls.flatMap((url) => pattern.exec(url)?.[1] ?? []))].sort();
  return { packages: found(/\/node_modules\/((?:@[^/]+\/)?[^/]+)/), files: found(/\/dist\/((?!.*node_modules).*)$/) };
}

/** Of other rooms; they import nothing that costs time. */
const LEAVES = ['events/limits.js', 'events/strings.js', 'projections/object-value.js'];

it('--help loads the list of the commands, and no command', async () => {
  const { packages, files } = await loadedBy('--help');
  expect(packages).toEqual(['commander']);
  expect(files.filter((name) => name.startsWith('cli/commands/'))).toEqual(
    ['dead-letters', 'features', 'policies', 'quality', 'schema', 'topics'].map((family) => `cli/commands/${family}/${family}.js`),
  );
  expect(files.filter((name) => name.includes('/') && !name.startsWith('cli/'))).toEqual(LEAVES);
});

it.each(['profile', 'digest'])('%s loads what it reads with, and neither the service nor another command', async (command) => {
  const { packages, files } = await loadedBy(command, ...(command === 'profile' ? ['ana', '--as-of', '2026-11-21'] : []));
  expect(packages).toEqual(['better-sqlite3', 'commander']);
  expect(
    files.filter((name) => /^(http|service|consumers|policies|demo|evaluation|rebuild|verify|log\/(kafka|sqlite))\//.test(name)),
  ).toEqual([]);
});
