/** A copy of the tracked files in a folder of its own, with the installed packages, to follow a recipe in. */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { ROOT, readPage } from '../docs/markdown.js';

const execute = promisify(execFile);
const MAX_BYTES = 64 * 1024 * 1024;

/** The files that CONTRIBUTING.md names under a heading, sorted. */
export function filesOfRecipe(heading: string, name: string): string[] {
  const section = readPage('CONTRIBUTING.md')
    .split(/^#+ /m)
    .find((part) => part.startsWith(`${heading}\n`))!;
  const named = [...section.matchAll(/^- `([^`]+)`/gm)].map(([, path]) => path!.replace('NAME', name));
  expect(named.length, heading).toBeGreaterThan(1);
  return named.sort();
}

/** With what `npm run types` found out before, only what changes is checked. */
const BUILD_INFO = [
  ['tsconfig.test.json', '.cache/types.tsbuildinfo'],
  ['src/web/tsconfig.json', '.cache/web.tsbuildinfo'],
] as const;
/** What was compiled, and the record of it: only what changes is compiled again. */
const BUILT = ['.cache/declarations', '.cache/declarations.tsbuildinfo'];

export class TreeCopy {
  readonly #directory = realpathSync(mkdtempSync(join(tmpdir(), 'tipstream-recipe-')));
  readonly #root = join(this.#directory, 'tree');

  constructor() {
    for (const path of git(ROOT, 'ls-files', '-z').split('\0')) if (path !== '') cpSync(join(ROOT, path), join(this.#root, path));
    for (const known of [...BUILD_INFO.map(([, info]) => info), ...BUILT])
      if (existsSync(join(ROOT, known))) cpSync(join(ROOT, known), join(this.#root, known), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(this.#root, 'node_modules'));
    // Else the packages have other paths than on record, and everything is compiled.
    this.edit('tsconfig.json', [['"compilerOptions": {', '"compilerOptions": { "preserveSymlinks": true,']]);
    git(this.#root, 'init', '--quiet');
  }

  dispose(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** A folder beside the copy. */
  scratch(name: string): string {
    return join(this.#directory, name);
  }

  /** Of a file in the copy. */
  path(path: string): string {
    return join(this.#root, path);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.#root, path)), { recursive: true });
    writeFileSync(join(this.#root, path), text);
  }

  /** Each first text must be there, and becomes the second. */
  edit(path: string, changes: readonly (readonly [from: string, to: string])[]): void {
    let text = readFileSync(join(this.#root, path), 'utf8');
    for (const [from, to] of changes) {
      expect(text, path).toContain(from);
      text = text.replace(from, () => to);
    }
    this.write(path, text);
  }

  /** From here on, only later changes are `touched`. */
  commit(): void {
    git(this.#root, 'add', '--all');
    git(this.#root, '-c', 'user.name=recipe', '-c', 'user.email=recipe@localhost', 'commit', '--quiet', '--message', 'as it is');
  }

  /** Sorted. */
  touched(): string[] {
    git(this.#root, 'add', '--all');
    return git(this.#root, 'diff', '--cached', '--name-only')
      .split('\n')
      .filter((path) => path !== '')
      .sort();
  }

  /** Runs Node; answers its stdout. Throws with what it printed when it fails. */
  async run(...args: readonly string[]): Promise<string> {
    try {
      const { stdout } = await execute(process.execPath, args, {
        cwd: this.#root,
        env: { ...process.env, NO_COLOR: '1' },
        maxBuffer: MAX_BYTES,
      });
      return stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`node ${args.join(' ')}\n${stdout}\n${stderr}`, { cause: error });
    }
  }

  async vitest(project: string, ...paths: readonly string[]): Promise<void> {
    await this.run('node_modules/vitest/vitest.mjs', 'run', '--project', project, ...paths);
  }

  async types(): Promise<void> {
    for (const [project, known] of BUILD_INFO)
      await this.run('node_modules/typescript/bin/tsc', '--project', project, '--incremental', '--tsBuildInfoFile', known);
  }

  /** Everything that was touched since the first commit. */
  async lint(): Promise<void> {
    const changed = git(this.#root, 'diff', '--name-only', git(this.#root, 'rev-list', '--max-parents=0', 'HEAD').trim());
    await this.run('node_modules/oxlint/bin/oxlint', ...changed.split('\n').filter((path) => /\.tsx?$/.test(path)));
  }
}

function git(directory: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: directory, encoding: 'utf8', maxBuffer: MAX_BYTES });
}
