/** A running `tipstream start`: a process of its own, the log lines that it prints, and its HTTP. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceStatus } from '../../../src/service/application.js';
import { linesOf } from '../cli-process.js';

const PATIENCE_MS = 120_000;
const LOOK_AGAIN_MS = 50;

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export class Member {
  /** What it logged, oldest first; lines that are no JSON have level 0. */
  readonly log: LogLine[] = [];
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #exited: Promise<number | null>;
  #address: string | undefined;
  #ended = false;

  /** @param directory its --data */
  constructor(
    child: ChildProcessWithoutNullStreams,
    readonly directory: string,
  ) {
    this.#child = child;
    child.stdout.resume();
    void this.#readLog();
    this.#exited = new Promise((resolve) => {
      child.once('close', (code) => {
        this.#ended = true;
        resolve(code);
      });
    });
  }

  /** The exit code; null after a signal. */
  exited(): Promise<number | null> {
    return this.#exited;
  }

  get running(): boolean {
    return !this.#ended;
  }

  /** http://host:port */
  async address(): Promise<string> {
    await this.until(() => this.#address !== undefined, 'its HTTP address');
    return this.#address!;
  }

  async get(path: string): Promise<HttpAnswer> {
    const response = await fetch(`${await this.address()}${path}`);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  async status(): Promise<ServiceStatus> {
    return (await this.get('/v1/status')).body as unknown as ServiceStatus;
  }

  /** Resolves when it holds `partitions` partitions, all running. */
  async untilRunning(partitions: number): Promise<void> {
    await this.untilStatus((status) => status.ready && status.partitions.length === partitions, `${partitions} running partitions`);
  }

  async untilStatus(condition: (status: ServiceStatus) => boolean, what: string): Promise<void> {
    let last: ServiceStatus | undefined;
    await this.until(async () => condition((last = await this.status())), what).catch((error: unknown) => {
      throw new Error(`${String(error)}\nlast status: ${JSON.stringify(last)}`);
    });
  }

  async untilLogged(condition: (line: LogLine) => boolean, what: string): Promise<LogLine> {
    await this.until(() => this.log.some(condition), what);
    return this.log.find(condition)!;
  }

  async until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
    for (const deadline = Date.now() + PATIENCE_MS; !(await condition()); await delay(LOOK_AGAIN_MS)) {
      if (this.#ended && !(await condition()))
        throw new Error(`the member in ${this.directory} ended; waited for ${what}\n${this.lastWords()}`);
      if (Date.now() > deadline) throw new Error(`waited for ${what} of the member in ${this.directory}\n${this.lastWords()}`);
    }
  }

  /** Graceful; answers the exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.#exited;
  }

  /** As a crash would. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** As a long pause of its machine would; until `thaw`. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  lastWords(): string {
    return this.log
      .slice(-15)
      .map((line) => JSON.stringify(line).slice(0, 600))
      .join('\n');
  }

  async #readLog(): Promise<void> {
    for await (const text of linesOf(this.#child.stderr)) {
      const found = /tipstream answers at (http\S+)/.exec(text);
      if (found !== null) this.#address = found[1];
      this.log.push(parsed(text));
    }
  }
}

function parsed(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { level: 0, msg: text };
  }
}
