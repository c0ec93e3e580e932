/** The pages take texts of others as text: no source of theirs has a way to make markup of them. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const MARKUP = /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|\beval\(|new Function|DOMParser|srcdoc/;

const sources = execFileSync('git', ['ls-files', '-z', 'src/web'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter((path) => /\.(tsx?|html)$/.test(path));

it('no source of the pages makes markup of text', () => {
  expect(sources.length).toBeGreaterThan(20);
  expect(sources.filter((path) => MARKUP.test(readFileSync(join(ROOT, path), 'utf8')))).toEqual([]);
});

it('no source of the pages imports anything of the program but types', () => {
  const values = sources.flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(/^import (?!type )[^;]*?from '((?:\.\.\/)+[^']+)';/gm)]
      .map(([, target]) => join(path, '..', target!))
      .filter((target) => !target.startsWith('src/web/'))
      .map((target) => `${path} -> ${target}`),
  );
  expect(values).toEqual([]);
});
