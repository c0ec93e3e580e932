import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OPTIONS, OPTION_NAMES } from '../../../src/config.js';
import { configurationPage } from './configuration-page.js';
import { markdownFiles, readPage, ROOT } from './markdown.js';

/** The package of Python has an address and a command to ask, which the program itself does not know. */
const CLIENT = 'python/tipstream-client/src/tipstream_client';

it('docs/configuration.md is what src/option-table.ts says', async () => {
  await expect(configurationPage()).toMatchFileSnapshot(join(ROOT, 'docs/configuration.md'));
});

it('every environment variable that the docs and the containers use exists', () => {
  const client = readdirSync(join(ROOT, CLIENT)).filter((name) => name.endsWith('.py'));
  const readByClient = client.flatMap((name) => [...readPage(`${CLIENT}/${name}`).matchAll(/os\.environ\.get\("(\w+)"/g)]);
  const known = new Set<string>([...OPTION_NAMES.map((name) => OPTIONS[name].env), ...readByClient.map(([, name]) => name!)]);
  const pages = [...markdownFiles(), 'docker-compose.yml', 'Dockerfile'];
  const used = pages.flatMap((page) => (readPage(page).match(/\bTIPSTREAM_[A-Z_]+[A-Z]\b/g) ?? []).map((name) => ({ page, name })));
  expect(used.length).toBeGreaterThan(10);
  expect(used.filter(({ name }) => !known.has(name))).toEqual([]);
});
