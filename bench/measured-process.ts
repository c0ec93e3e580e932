/** Runs a program to its end, or until told to stop, and says how long it took, what it printed and what it used. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** Of the whole process, all its threads; null for a program that is not Node. */
export interface Usage {
  readonly peakRssMib: number;
  /** User and system. */
  readonly cpuSeconds: number;
}

export interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  /** Unix ms. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly usage: Usage;
}

export interface Running {
  /** User and system, of all its threads, so far; null where the system does not say so in /proc. */
  cpuSeconds(): number | null;
  /** Resolves with the first line of stderr that matches; rejects when the process ends without one. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  /** SIGTERM, then the end. */
  stop(): Promise<Finished>;
  /** Throws when it ends with another code than 0. */
  readonly finished: Promise<Finished>;
}

export const ROOT = fileURLToPath(new URL('../', import.meta.url));
const USAGE_REPORTER = new URL('./report-usage.mjs', import.meta.url).href;

/** A Node program, with `args` as they follow `node`. */
export async function startNode(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), 'tipstream-bench-usage-'));
  const usageFile = join(folder, 'usage.json');
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  const started = start(process.execPath, ['--import', USAGE_REPORTER, ...args], { ...env, BENCH_USAGE_FILE: usageFile });
  const finished = started.finished
    .then(async (outcome) => ({ ...outcome, usage: JSON.parse(await readFile(usageFile, 'utf8')) as Usage }))
    .finally(() => {
      process.removeListener('exit', removeFolder);
      removeFolder();
    });
  finished.catch(() => undefined);
  return { waitFor: started.waitFor, cpuSeconds: () => cpuSecondsOf(started.pid), finished, stop: () => (started.terminate(), finished) };
}

/** What /proc counts in, on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;

function cpuSecondsOf(pid: number): number | null {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return null;
  // After the name, which may have anything in it but ends with the last bracket: state, ..., then as 12th and 13th user and system time.
  const [user, system] = readFileSync(file, 'utf8').split(') ').at(-1)!.split(' ').slice(11, 13);
  return (Number(user) + Number(system)) / TICKS_A_SECOND;
}

interface Started {
  readonly pid: number;
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  terminate(): void;
  readonly finished: Promise<Omit<Finished, 'usage'>>;
}

export function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Started {
  const startedAtMs = Date.now();
  const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, NODE_OPTIONS: '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const endWithUs = () => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (complaints += chunk));
  const closed = once(child, 'close') as Promise<[number | null, string | null]>;
  const finished = (async () => {
    const [stdout, [code, signal]] = await Promise.all([text(child.stdout), closed]);
    process.removeListener('exit', endWithUs);
    if (code !== 0)
      throw new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}:\n${complaints.slice(-4_000)}${stdout.slice(-1_000)}`);
    return { stdout, stderr: complaints, startedAtMs, endedAtMs: Date.now() };
  })();
  finished.catch(() => undefined);
  const waitFor = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(complaints);
        if (found === null) return;
        child.stderr.removeListener('data', look);
        resolve(found);
      };
      child.stderr.on('data', look);
      look();
      finished.then(() => reject(new Error(`${command} ended without ${pattern}`)), reject);
    });
  return { pid: child.pid!, waitFor, terminate: () => void child.kill('SIGTERM'), finished };
}
