/** A real headless Chromium over its debugging pipe: NUL-separated JSON on descriptors 3 and 4. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const CANDIDATES = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-pipe',
  'about:blank',
];
const CALL_TIMEOUT_MS = 30_000;

export const chromiumPath = (): string | undefined => CANDIDATES.find((path) => path !== undefined && existsSync(path));

export class Chromium {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, (message: Reply) => void>();
  #nextId = 1;

  private constructor(process: ChildProcess, profile: string) {
    this.#process = process;
    this.#profile = profile;
    let held = '';
    (process.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => {
      const messages = (held + text).split('\0');
      held = messages.pop()!;
      for (const message of messages) this.#receive(JSON.parse(message) as Reply);
    });
  }

  static async launch(path: string): Promise<Chromium> {
    const profile = await mkdtemp(join(tmpdir(), 'tipstream-chromium-'));
    return new Chromium(
      spawn(path, [`--user-data-dir=${profile}`, ...FLAGS], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] }),
      profile,
    );
  }

  async open(
    url: string,
    size: { readonly width: number; readonly height: number } = { width: 1_280, height: 900 },
    scheme: 'light' | 'dark' = 'light',
  ): Promise<Page> {
    const { targetId } = await this.call<{ targetId: string }>('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.call<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, sessionId);
    await page.call('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: 1, mobile: false });
    await page.call('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    await page.call('Page.navigate', { url });
    return page;
  }

  call<Result>(method: string, params: object, sessionId?: string): Promise<Result> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method}: no answer from Chromium`)), CALL_TIMEOUT_MS);
      this.#waiting.set(id, ({ result, error }) => {
        clearTimeout(timer);
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result as Result);
      });
      (this.#process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  async close(): Promise<void> {
    const exited = new Promise((resolve) => this.#process.once('exit', resolve));
    await this.call('Browser.close', {}).catch(() => this.#process.kill('SIGKILL'));
    await exited;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #receive(message: Reply): void {
    if (message.id === undefined) return;
    this.#waiting.get(message.id)?.(message);
    this.#waiting.delete(message.id);
  }
}

interface Reply {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

export class Page {
  readonly #browser: Chromium;
  readonly #session: string;

  constructor(browser: Chromium, session: string) {
    this.#browser = browser;
    this.#session = session;
  }

  call<Result>(method: string, params: object): Promise<Result> {
    return this.#browser.call(method, params, this.#session);
  }

  /** The value of an expression in the page; promises are awaited. */
  async evaluate<Result>(expression: string): Promise<Result> {
    const answer = await this.call<{
      result: { value: Result };
      exceptionDetails?: { text: string; exception?: { description?: string } };
    }>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (answer.exceptionDetails) throw new Error(answer.exceptionDetails.exception?.description ?? answer.exceptionDetails.text);
    return answer.result.value;
  }

  /** Resolves once the expression is true, looking at every frame; throws with the page's text when it is not within 10 s. */
  async until(expression: string): Promise<void> {
    const deadline = Date.now() + 10_000;
    while (Date.now() < deadline) {
      // While the page loads, a context can vanish under an evaluation.
      const met = await this.evaluate<boolean>(
        `new Promise((resolve) => { const end = Date.now() + 1000; const look = () => (${expression}) ? resolve(true) ` +
          ': Date.now() > end ? resolve(false) : setTimeout(look, 20); look(); })',
      ).catch(() => false);
      if (met) return;
    }
    throw new Error(`not met: ${expression}\n${await this.evaluate<string>('document.body.innerText')}`);
  }

  async screenshot(wholePage: boolean): Promise<Buffer> {
    const { data } = await this.call<{ data: string }>('Page.captureScreenshot', { format: 'png', captureBeyondViewport: wholePage });
    return Buffer.from(data, 'base64');
  }
}
