/** Python with what python/requirements-test.txt names, in the virtual environment that .ci/run makes; a test downloads nothing. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../system/docs/markdown.js';

export const PYTHON = process.env['TIPSTREAM_TEST_PYTHON'] ?? join(ROOT, '.cache/python/bin/python');
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Says loudly that tests are skipped for want of Python's packages; in CI (CI=true) that is an error. */
export function pythonOrSkip(what: string): boolean {
  if (existsSync(PYTHON)) return true;
  const how = 'python3 -m venv .cache/python && .cache/python/bin/pip install -r python/requirements-test.txt';
  if (process.env['CI'] === 'true') throw new Error(`${what} needs Python's packages: ${how}`);
  console.warn(`SKIPPED: ${what}, since Python's packages are not there (${how})`);
  return false;
}

export interface PythonRun {
  readonly cwd?: string;
  /** The interpreter: that of the tests unless given. */
  readonly python?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What it prints; throws with that when it does not end with 0. */
export async function runPython(args: readonly string[], { cwd = ROOT, python = PYTHON, env = {} }: PythonRun = {}): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(python, args, {
      cwd,
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', NO_COLOR: '1', ...env },
      maxBuffer: MAX_OUTPUT_BYTES,
    });
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`python ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** pytest over a package of python/. Throws unless all of its tests pass, none being skipped. */
export async function runPytest(folder: string, args: readonly string[] = []): Promise<string> {
  const printed = await runPython(['-m', 'pytest', '-q', '-p', 'no:cacheprovider', ...args], { cwd: join(ROOT, folder) });
  if (!/^\d+ passed in /m.test(printed)) throw new Error(`not every test passed:\n${printed}`);
  return printed;
}

/** `mypy --strict` over a package of python/, by its own settings. */
export async function runMypy(folder: string): Promise<string> {
  const cache = join(ROOT, '.cache/mypy', folder.replace(/\W/g, '-'));
  return runPython(['-m', 'mypy', '--strict', '--cache-dir', cache], { cwd: join(ROOT, folder) });
}

/** A virtual environment with wheels built from packages of python/, and nothing else. */
export class FreshEnvironment {
  readonly python: string;

  private constructor(readonly directory: string) {
    this.python = join(directory, 'venv/bin/python');
  }

  static async create(): Promise<FreshEnvironment> {
    const fresh = new FreshEnvironment(mkdtempSync(join(tmpdir(), 'tipstream-python-')));
    await runPython(['-m', 'venv', '--without-pip', join(fresh.directory, 'venv')]);
    return fresh;
  }

  /** Builds the wheel and installs it; answers the path of the wheel. */
  async install(folder: string): Promise<string> {
    const wheels = join(this.directory, 'wheels', folder);
    await runPython(['-m', 'build', '--wheel', '--no-isolation', '--outdir', wheels, join(ROOT, folder)]);
    const [wheel, ...others] = readdirSync(wheels);
    if (wheel === undefined || others.length > 0) throw new Error(`${folder} made ${others.length + 1} wheels`);
    await runPython(['-m', 'pip', '--python', this.python, 'install', '--quiet', '--no-index', '--no-deps', join(wheels, wheel)]);
    return join(wheels, wheel);
  }

  /** Lets it see the packages that the tests run with, such as pandas. */
  async seeTestPackages(): Promise<void> {
    const site = (python: string) => runPython(['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], { python });
    writeFileSync(join((await site(this.python)).trim(), 'test-packages.pth'), await site(PYTHON));
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
