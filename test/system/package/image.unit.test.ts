/** What runs from a file of its own at run time is in the image and in the package. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../docs/markdown.js';
import { healthCommand, imageFiles, isSent, startCommand } from './image.js';

/** What src/ names beside its modules or from PACKAGE_ROOT, up to the first part that only the run knows, as a path from the root. */
function readAtRunTime(): string[] {
  const modules = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return modules.flatMap((name) =>
    [...readFileSync(join(ROOT, 'src', name), 'utf8').matchAll(/new URL\((['"`])([^'"`$]*)[^)]*(import\.meta\.url|PACKAGE_ROOT)/g)].map(
      ([, , path, base]) => (base === 'PACKAGE_ROOT' ? path! : posix.join('dist', posix.dirname(name), path!)),
    ),
  );
}
const inPackage = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { files: string[] }).files;
const inImage = imageFiles().map(({ to }) => to);

it.each(readAtRunTime())('%s is in the image and in the package', (path) => {
  const isThere = (shipped: string) => shipped === path || shipped.startsWith(path) || path.startsWith(`${shipped}/`);
  expect(inImage.some(isThere)).toBe(true);
  expect(['package.json', ...inPackage].some(isThere)).toBe(true);
});

it('what is read at run time is found', () => {
  expect(readAtRunTime()).toEqual(expect.arrayContaining(['package.json', 'dist/web/', 'dist/rebuild/rebuild-thread.js']));
});

describe('the image', () => {
  it('has the contracts', () => {
    expect(inImage).toEqual(expect.arrayContaining(['package.json', 'LICENSE', 'contracts/asyncapi.json', 'node_modules/fastify']));
  });
  it('has no tools of development, sources or tests', () => {
    expect(inImage.filter((path) => /^(src|test|bench|scripts)\/|typescript|vitest|oxlint|biome/.test(path))).toEqual([]);
  });
  it('starts the service and asks whether it is ready', () => {
    expect(startCommand().slice(-2)).toEqual(['/app/dist/cli/main.js', 'start']);
    expect(healthCommand().join(' ')).toContain('/readyz');
  });
  it('is built of what .dockerignore leaves', () => {
    for (const needed of ['package-lock.json', 'tsconfig.json', 'scripts/build.mjs', 'src/cli/main.ts'])
      expect([needed, isSent(needed)]).toEqual([needed, true]);
    for (const kept of ['docs/operating.md', 'docs/images/overview.svg', 'README.md', 'node_modules/x/y.js', 'data/log.db', '.git/HEAD'])
      expect([kept, isSent(kept)]).toEqual([kept, false]);
  });
});

describe('the reader of .dockerignore', () => {
  it('matches whole names, lets the last line decide, and takes a folder with what is in it', () => {
    expect(isSent('docs/a.md', 'docs')).toBe(false);
    expect(isSent('docs2/a.md', 'docs')).toBe(true);
    expect(isSent('a/b/c.md', '*.md')).toBe(true);
    expect(isSent('a/b/c.md', '**/*.md')).toBe(false);
    expect(isSent('docs/models/a.md', 'docs/*\n!docs/models')).toBe(true);
    expect(isSent('docs/models/a.md', '!docs/models\ndocs/*')).toBe(false);
  });
});
