import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OPTIONS, OPTION_NAMES } from '../../../src/config.js';
import { configurationPage } from './configuration-page.js';
import { markdownFiles, readPage, ROOT } from './markdown.js';

it('docs/configuration.md is what src/option-table.ts says', async () => {
  await expect(configurationPage()).toMatchFileSnapshot(join(ROOT, 'docs/configuration.md'));
});

it('every environment variable that the docs and the containers use exists', () => {
  const known = new Set<string>(OPTION_NAMES.map((name) => OPTIONS[name].env));
  const pages = [...markdownFiles(), 'docker-compose.yml', 'Dockerfile'];
  const used = pages.flatMap((page) => (readPage(page).match(/\bTIPSTREAM_[A-Z_]+[A-Z]\b/g) ?? []).map((name) => ({ page, name })));
  expect(used.length).toBeGreaterThan(10);
  expect(used.filter(({ name }) => !known.has(name))).toEqual([]);
});
