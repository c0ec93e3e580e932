/** Compiles src/ to dist/: runs before `npm test`, and as `prepare` after npm ci. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const main = join(dist, 'cli', 'main.js');
const buildInfo = join(root, '.cache', 'tsconfig.tsbuildinfo');

const compiler = compilerPath();
if (compiler === undefined) {
  if (existsSync(main)) process.exit(0); // installed without development dependencies, and built before
  console.error('build: typescript is not installed; run npm ci with development dependencies');
  process.exit(1);
}
// tsc believes its record of what it has written, so the record must not outlive dist.
if (!existsSync(main)) rmSync(buildInfo, { force: true });
mkdirSync(dirname(buildInfo), { recursive: true });
removeOrphans(dist);
const { status } = spawnSync(
  process.execPath,
  [compiler, '-p', join(root, 'tsconfig.json'), '--incremental', '--tsBuildInfoFile', buildInfo],
  { stdio: 'inherit' },
);
if (status !== 0) process.exit(status ?? 1);
chmodSync(main, 0o755);

function compilerPath() {
  try {
    return createRequire(join(root, 'package.json')).resolve('typescript/bin/tsc');
  } catch {
    return undefined;
  }
}

/** What was compiled from sources that are gone must not be found, tested or published. */
function removeOrphans(directory) {
  if (!existsSync(directory)) return;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const stem = /^(.+?)(\.d\.ts|\.js)$/.exec(entry.name)?.[1];
    if (!entry.isFile() || stem === undefined) continue;
    const source = join(root, 'src', entry.parentPath.slice(directory.length), `${stem}.ts`);
    if (!existsSync(source)) rmSync(join(entry.parentPath, entry.name));
  }
}
