/** scripts/build-program.mjs on a small project: what would only show at run time fails the build. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ROOT } from '../docs/markdown.js';

interface Built {
  readonly files: readonly string[];
  readonly packages: ReadonlyMap<string, string>;
}
const script = pathToFileURL(join(ROOT, 'scripts/build-program.mjs')).href;
const { buildProgram } = (await import(script)) as { buildProgram: (root: string) => Promise<Built> };

let project: string;
const path = (name: string) => join(project, name);
function write(name: string, text: string): void {
  mkdirSync(dirname(path(name)), { recursive: true });
  writeFileSync(path(name), text);
}

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'tipstream-build-'));
  write('package.json', JSON.stringify({ name: 'project', type: 'module', dependencies: { commander: '*', zod: '*' } }));
  symlinkSync(join(ROOT, 'node_modules'), path('node_modules'));
  write('src/cli/main.ts', "#!/usr/bin/env node\nimport { start } from '../deep/start.js';\nstart();\n");
  write('src/index.ts', "export { start } from './deep/start.js';\n");
  write('src/deep/start.ts', "import { Worker } from 'node:worker_threads';\nexport const start = () => new Worker(THREAD);\n");
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

it('a thread is built and found, wherever the source that names it has gone', async () => {
  write(
    'src/deep/start.ts',
    `import { Worker } from 'node:worker_threads';
     export const start = () => new Worker(new URL('./own/thread.js', import.meta.url));`,
  );
  write('src/deep/own/thread.ts', "console.log('the thread is here');");
  const { files } = await buildProgram(project);
  expect([...files].sort()).toEqual(['chunks/start.js', 'cli/main.js', 'deep/own/thread.js', 'index.js']);
  expect(execFileSync(path('dist/cli/main.js'), { encoding: 'utf8' })).toBe('the thread is here\n');
});

it('a thread that is not there fails the build', async () => {
  write('src/deep/start.ts', "export const start = () => new URL('./thread.js', import.meta.url);");
  await expect(buildProgram(project)).rejects.toThrow('deep/thread.ts');
});

it.each(["new URL('../../package.json', import.meta.url)", 'import.meta.dirname', 'import.meta.url'])('so does %s', async (place) => {
  write('src/deep/start.ts', `export const start = () => ${place};`);
  await expect(buildProgram(project)).rejects.toThrow(/deep\/start\.ts uses import\.meta .* PACKAGE_ROOT/);
  expect(existsSync(path('dist'))).toBe(false);
});

it('so does a package that would not be installed', async () => {
  write('src/deep/start.ts', "import { fc } from 'fast-check';\nexport const start = () => fc;");
  await expect(buildProgram(project)).rejects.toThrow('deep/start.ts imports fast-check, which is not among the dependencies');
});

it('packages stay outside, but for zod, which is named', async () => {
  write(
    'src/deep/start.ts',
    "import { Command } from 'commander';\nimport * as z from 'zod';\nexport const start = () => console.log(new Command(), z.string());",
  );
  expect([...(await buildProgram(project)).packages.keys()]).toEqual(['zod']);
});
