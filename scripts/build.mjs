/** Compiles src/ to dist/ and bundles the pages into dist/web: runs before `npm test`, and as `prepare` after npm ci. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPages } from './build-pages.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const main = join(dist, 'cli', 'main.js');
const shell = join(dist, 'web', 'index.html');
const buildInfo = join(root, '.cache', 'tsconfig.tsbuildinfo');

const resolve = createRequire(join(root, 'package.json')).resolve;
// The package exports its package.json and not its compiler.
const typescript = pathOf('typescript/package.json');
const compiler = typescript && join(dirname(typescript), 'bin', 'tsc');
if (compiler === undefined) {
  if (existsSync(main) && existsSync(shell)) process.exit(0); // installed without development dependencies, and built before
  stop('typescript is not installed');
}
for (const name of ['vite', 'preact', 'uplot', 'marked'])
  if (pathOf(`${name}/package.json`) === undefined) stop(`${name} is not installed`);
// tsc believes its record of what it has written, so the record must not outlive dist.
if (!existsSync(main)) rmSync(buildInfo, { force: true });
mkdirSync(dirname(buildInfo), { recursive: true });
removeOrphans(dist);
compile(join(root, 'tsconfig.json'), buildInfo);
chmodSync(main, 0o755);
compile(join(root, 'src', 'web', 'tsconfig.json'), join(root, '.cache', 'web.tsbuildinfo'));
await buildPages(root);

function compile(project, record) {
  const { status } = spawnSync(process.execPath, [compiler, '-p', project, '--incremental', '--tsBuildInfoFile', record], {
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

/** What was compiled from sources that are gone must not be found, tested or published. */
function removeOrphans(directory) {
  if (!existsSync(directory)) return;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const stem = /^(.+?)(\.d\.ts|\.js)$/.exec(entry.name)?.[1];
    if (!entry.isFile() || stem === undefined || entry.parentPath.startsWith(dirname(shell))) continue;
    const source = join(root, 'src', entry.parentPath.slice(directory.length), `${stem}.ts`);
    if (!existsSync(source)) rmSync(join(entry.parentPath, entry.name));
  }
}
