/**
 * The package as a stranger has it: packed here, installed into a project of its own, and run with nothing of this repository around
 * it.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packagesThatNeedANewerNode } from '../../support/engines.js';
import { ROOT } from '../docs/markdown.js';

const run = promisify(execFile);
const OUTPUT_BYTES = 64 * 1024 * 1024;

export interface PackedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

export interface Tarball {
  readonly path: string;
  readonly files: readonly PackedFile[];
  /** Bytes. */
  readonly size: number;
}

/** Strict beyond `strict`, with the declarations of the package checked too. */
const COMPILER_OPTIONS = {
  module: 'NodeNext',
  target: 'ES2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noUnusedLocals: true,
  skipLibCheck: false,
  types: ['node'],
  outDir: 'compiled',
  rootDir: 'snippets',
};

export class InstalledPackage {
  readonly #parent = mkdtempSync(join(tmpdir(), 'tipstream-package-'));
  readonly directory = join(this.#parent, 'project');
  readonly #running = new Set<ChildProcess>();

  /** Packs what `npm run build` has built. */
  async pack(): Promise<Tarball> {
    if (!existsSync(join(ROOT, 'dist/index.js'))) throw new Error('dist/ is missing: npm run build first');
    const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', this.#parent], {
      cwd: ROOT,
      env: environment(),
      maxBuffer: OUTPUT_BYTES,
    });
    const [{ filename, files, size }] = JSON.parse(stdout) as [{ filename: string; files: PackedFile[]; size: number }];
    return { path: join(this.#parent, filename), files, size };
  }

  /** Resolves to what npm warns about meanwhile. */
  async install(tarball: Tarball): Promise<string> {
    mkdirSync(join(this.directory, 'snippets'), { recursive: true });
    writeFileSync(join(this.directory, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }));
    writeFileSync(join(this.directory, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ['snippets'] }));
    const tools = ['typescript', '@types/node'].map((name) => `${name}@${versionOf(name)}`);
    const { stderr } = await run(
      'npm',
      ['install', '--prefix', this.directory, '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', tarball.path, ...tools],
      { cwd: this.directory, env: environment(), maxBuffer: OUTPUT_BYTES },
    );
    // What better-sqlite3's install script would do takes minutes where its ready-made binary cannot be fetched, so the one that is here
    // is taken.
    const build = join('node_modules', 'better-sqlite3', 'build');
    cpSync(join(ROOT, build), join(this.directory, build), { recursive: true });
    return stderr;
  }

  packagesThatNeedANewerNode(): string[] {
    return packagesThatNeedANewerNode(join(this.directory, 'node_modules/.package-lock.json'));
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.directory, path), text);
  }

  /** What the compiler complains about; empty when it does not. */
  async compile(): Promise<string> {
    return run(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', '.'], {
      cwd: this.directory,
      env: environment(),
    }).then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    );
  }

  node(...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
    return run(process.execPath, args, { cwd: this.directory, env: environment() });
  }

  npx(...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
    return run('npx', ['--no-install', ...args], { cwd: this.directory, env: environment() });
  }

  /** A command of the package that stays; ended with `dispose` at the latest. */
  spawn(command: string, ...args: readonly string[]): ChildProcess {
    const child = spawn(join(this.directory, 'node_modules', '.bin', command), args, { cwd: this.directory, env: environment() });
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    return child;
  }

  dispose(): void {
    for (const child of this.#running) child.kill('SIGKILL');
    rmSync(this.#parent, { recursive: true, force: true });
  }
}

/** Without what the tester's shell or an npm around it says of another project. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(KAFKA_|TIPSTREAM_|NODE_OPTIONS$|INIT_CWD$|npm_package_|npm_lifecycle_|npm_config_local_prefix$)/.test(name),
  );
  return { ...Object.fromEntries(kept), NO_COLOR: '1' };
}

function versionOf(installed: string): string {
  return (JSON.parse(readFileSync(join(ROOT, 'node_modules', installed, 'package.json'), 'utf8')) as { version: string }).version;
}
