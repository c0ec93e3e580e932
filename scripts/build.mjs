/**
 * Builds dist/ from src/: the program and the library as bundles, the declarations of the library, the pages, and the licences of what is
 * bundled. Runs before `npm test`, and as `prepare` after npm ci.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildDeclarations } from './build-declarations.mjs';
import { buildNotices } from './build-notices.mjs';
import { buildPages } from './build-pages.mjs';
import { buildProgram } from './build-program.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const declarations = join(root, '.cache', 'declarations');

const resolve = createRequire(join(root, 'package.json')).resolve;
// The package exports its package.json and not its compiler.
const typescript = pathOf('typescript/package.json');
const compiler = typescript && join(dirname(typescript), 'bin', 'tsc');
if (compiler === undefined) {
  const isBuilt = ['cli/main.js', 'web/index.html'].every((path) => existsSync(join(dist, path)));
  if (isBuilt) process.exit(0); // installed without development dependencies, and built before
  stop('typescript is not installed');
}
for (const name of ['rolldown', 'vite', 'preact', 'uplot', 'marked'])
  if (pathOf(`${name}/package.json`) === undefined) stop(`${name} is not installed`);

const record = `${declarations}.tsbuildinfo`;
// tsc believes its record of what it has written, so the record must not outlive that.
if (!existsSync(declarations)) rmSync(record, { force: true });
mkdirSync(declarations, { recursive: true });
compile(join(root, 'tsconfig.json'), record);
compile(join(root, 'src', 'web', 'tsconfig.json'), join(root, '.cache', 'web.tsbuildinfo'));
const [program, pages] = await Promise.all([buildProgram(root), buildPages(root)]);
removeAllBut([
  ...program.files,
  ...pages.files,
  ...buildDeclarations(declarations, dist),
  buildNotices(new Map([...program.packages, ...pages.packages]), dist),
]);

function compile(project, info) {
  const { status } = spawnSync(process.execPath, [compiler, '-p', project, '--incremental', '--tsBuildInfoFile', info], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

function stop(why) {
  console.error(`build: ${why}; run npm install`);
  process.exit(1);
}

function pathOf(file) {
  try {
    return resolve(file);
  } catch {
    return undefined;
  }
}

/** What an earlier build made of sources that are gone must not be found, tested or published. */
function removeAllBut(files) {
  const made = new Set(files);
  const folders = [];
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) folders.push(path);
    else if (!made.has(relative(dist, path).replaceAll(sep, '/'))) rmSync(path);
  }
  // The deepest first.
  for (const folder of folders.sort().reverse()) if (readdirSync(folder).length === 0) rmdirSync(folder);
}
