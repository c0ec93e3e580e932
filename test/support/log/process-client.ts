/** Starts a process that opens the same log, straight from the sources, and asks it to append, tail or read committed offsets. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type Request =
  | { readonly kind: 'tail'; readonly id: number; readonly topic: string; readonly partition: number; readonly from: number }
  | { readonly kind: 'append'; readonly id: number; readonly topic: string; readonly partition: number; readonly values: readonly string[] }
  | { readonly kind: 'committed'; readonly id: number; readonly group: string; readonly topic: string };

export type Response =
  | { readonly kind: 'ready'; readonly id: 0 }
  | { readonly kind: 'records'; readonly id: number; readonly atMs: number; readonly values: readonly string[] }
  | { readonly kind: 'appended'; readonly id: number; readonly offsets: readonly number[] }
  | { readonly kind: 'committed'; readonly id: number; readonly offsets: readonly (readonly [number, number])[] }
  | { readonly kind: 'error'; readonly id: number; readonly message: string };

const BODY = fileURLToPath(new URL('./process.ts', import.meta.url));
const REGISTER = new URL('../typescript-register.mjs', import.meta.url).href;

export interface Tail {
  /** Values in the order seen. */
  readonly values: readonly string[];
  /** When each was seen, by the clock of the other process, Unix ms. */
  readonly seenAtMs: readonly number[];
  /** Resolves when this many have been seen. */
  seen(count: number): Promise<void>;
}

export class OtherProcess {
  readonly #listeners = new Map<number, (response: Response) => void>();
  #nextId = 1;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (response: Response) => this.#listeners.get(response.id)?.(response));
    child.on('exit', (code) => {
      for (const [id, listener] of this.#listeners) listener({ kind: 'error', id, message: `the process ended with ${code}` });
    });
  }

  static async start(elsewhere: { readonly module: string; readonly argument: string }): Promise<OtherProcess> {
    const child = fork(BODY, [elsewhere.module, elsewhere.argument], { execArgv: ['--import', REGISTER] });
    const other = new OtherProcess(child);
    await other.#await(0, 'ready');
    return other;
  }

  async append(request: { topic: string; partition: number; values: readonly string[] }): Promise<readonly number[]> {
    return (await this.#ask({ kind: 'append', id: this.#nextId++, ...request }, 'appended')).offsets;
  }

  async committed(group: string, topic: string): Promise<readonly (readonly [number, number])[]> {
    return (await this.#ask({ kind: 'committed', id: this.#nextId++, group, topic }, 'committed')).offsets;
  }

  tail(range: { topic: string; partition: number; from: number }): Tail {
    const [id, values, seenAtMs] = [this.#nextId++, [] as string[], [] as number[]];
    let check = () => {};
    let failure: string | undefined;
    this.#listeners.set(id, (response) => {
      if (response.kind === 'records') {
        values.push(...response.values);
        for (const _ of response.values) seenAtMs.push(response.atMs);
      }
      if (response.kind === 'error') failure = response.message;
      check();
    });
    this.child.send({ kind: 'tail', id, ...range } satisfies Request);
    const seen = (count: number) =>
      new Promise<void>((resolve, reject) => {
        check = () => {
          if (failure !== undefined) reject(new Error(failure));
          else if (values.length >= count) resolve();
        };
        check();
      });
    return { values, seenAtMs, seen };
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    this.child.disconnect();
    await ended;
  }

  /** Ends the process as a crash would, without a chance to close anything. */
  async kill(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    this.child.kill('SIGKILL');
    await ended;
  }

  #ask<Kind extends Response['kind']>(request: Request, kind: Kind): Promise<Extract<Response, { kind: Kind }>> {
    const answered = this.#await(request.id, kind);
    this.child.send(request);
    return answered;
  }

  #await<Kind extends Response['kind']>(id: number, kind: Kind): Promise<Extract<Response, { kind: Kind }>> {
    return new Promise((resolve, reject) => {
      this.#listeners.set(id, (response) => {
        this.#listeners.delete(id);
        if (response.kind === kind) resolve(response as Extract<Response, { kind: Kind }>);
        else reject(new Error(response.kind === 'error' ? response.message : `expected ${kind}, got ${response.kind}`));
      });
    });
  }
}
