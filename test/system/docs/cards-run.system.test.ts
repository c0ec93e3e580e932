/** The run that makes docs/models, on fewer people: it makes the same cards each time. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { POLICIES } from '../../../src/policies/registry.js';
import { ROOT } from './markdown.js';

const FROM_SOURCES = ['--import', './test/support/typescript-register.mjs'];
const directory = mkdtempSync(join(tmpdir(), 'tipstream-cards-run-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function cards(into: string): Promise<Record<string, string>> {
  const out = join(directory, into);
  const child = spawn(
    process.execPath,
    [...FROM_SOURCES, 'scripts/cards.mjs', '--out', out, '--users', '30', '--days', '10', '--simulated-users', '18'],
    { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  return Object.fromEntries(
    readdirSync(out)
      .sort()
      .map((name) => [name, readFileSync(join(out, name), 'utf8')]),
  );
}

it('the cards are the same bytes each time, with decisions in them', async () => {
  const one = await cards('one');
  expect(await cards('two')).toEqual(one);
  expect(Object.keys(one)).toEqual(POLICIES.map(({ name }) => `${name}.md`).sort());
  expect(one['egreedy-v1.md']).toMatch(/^\| it decided \| \d+ \| [1-9]\d\d \|/m);
  expect(one['egreedy-v2.md']).toMatch(/^\| in the shadow \| \d+ \| [1-9]\d\d \| [1-9]\d\d \|/m);
  expect(one['egreedy-v2.md']).toMatch(/^\| it decided \| [1-9]\d* \|/m);
});
