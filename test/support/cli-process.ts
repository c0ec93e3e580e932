/** Runs the built command line as users do: as a process of its own, on a data directory of its own. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const INHERITED = ['PATH', 'HOME', 'SYSTEMROOT', 'TMPDIR'];

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
}

export class CliWorkspace {
  readonly directory = mkdtempSync(join(tmpdir(), 'tipstream-cli-'));
  readonly #running = new Set<ChildProcessWithoutNullStreams>();

  /** Nothing of the tester's own TIPSTREAM_ or KAFKA_ variables reaches the process. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcessWithoutNullStreams {
    const inherited = Object.fromEntries(INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: this.directory, env: { ...inherited, ...env } });
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    return child;
  }

  async run(args: readonly string[], { input = '', env = {} }: RunOptions = {}): Promise<Finished> {
    const child = this.start(args, env);
    child.stdin.on('error', () => undefined); // it may have ended without reading
    child.stdin.end(input);
    return finished(child);
  }

  /** `start` with HTTP on a free port, once it is ready. `stop` resolves when it has ended. */
  serve(...options: readonly string[]): Promise<{ readonly address: string; stop(): Promise<void> }> {
    return this.serveWith({}, ...options);
  }

  /** The same with variables of its environment. */
  async serveWith(env: Readonly<Record<string, string>>, ...options: readonly string[]) {
    const child = this.start(['start', '--http', '127.0.0.1:0', ...options], env);
    child.stdout.resume();
    let address = '';
    for await (const line of linesOf(child.stderr)) {
      const found = /tipstream answers at (http\S+)/.exec(line);
      if (found === null) continue;
      address = found[1]!;
      break;
    }
    child.stderr.resume();
    await until('readiness', async () => (await fetch(`${address}/readyz`)).ok);
    return {
      address,
      async stop() {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        await ended;
      },
    };
  }

  dispose(): void {
    for (const child of this.#running) child.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function finished(child: ChildProcessWithoutNullStreams): Promise<Finished> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => out.push(piece));
  child.stderr.on('data', (piece: Buffer) => err.push(piece));
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }));
  });
}

export function linesOf(stream: NodeJS.ReadableStream): AsyncIterableIterator<string> {
  return createInterface({ input: stream })[Symbol.asyncIterator]();
}

const PATIENCE_MS = 60_000;

export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; !(await condition()); await delay(20))
    if (Date.now() > deadline) throw new Error(`waited for ${what}`);
}

export const records = (ndjson: string): Record<string, unknown>[] =>
  ndjson
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
