/** Pages of the console before a service written by hand or a real one, one Chromium for each test file. */
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { startHttp, type HttpServer } from '../../src/http/start.js';
import type { Application } from '../../src/service/application.js';
import { launchChromium, openPage, type OpenPage } from './chromium.js';

export interface ShownOptions extends BrowserContextOptions {
  /** What HTTP callers must send. */
  readonly token?: string;
  /** Or one of these: ROLE NAME TOKEN, with commas between them. */
  readonly tokenList?: string;
}

export interface Shown extends OpenPage {
  /** Takes the service away from under the page. */
  readonly leave: () => Promise<void>;
  readonly address: string;
}

const WITHIN = { timeout: 15_000, interval: 30 } as const;

/** For a describe block; what `show` opens is closed after each test, and must not have done anything wrong. */
export function consolePages(path: string | undefined) {
  let browser: Browser;
  let shown: Shown[] = [];
  beforeAll(async () => {
    if (path !== undefined) browser = await launchChromium(path);
  });
  afterAll(async () => browser?.close());
  afterEach(async () => {
    const open = shown;
    shown = [];
    for (const { page, leave } of open) {
      await page.context().close();
      await leave();
    }
    for (const { faults } of open) expect(faults).toEqual([]);
  });
  return {
    async show(application: Application, at = '/', { token, tokenList, ...options }: ShownOptions = {}): Promise<Shown> {
      const http: HttpServer = await startHttp(application, { host: '127.0.0.1', port: 0, token, tokenList, closeGraceMs: 100 });
      const opened = await openPage(browser, `${http.address}${at}`, options);
      const one = { ...opened, address: http.address, leave: () => http.close() };
      shown.push(one);
      return one;
    },
    /** Of a service that somebody else runs. */
    async visit(url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
      const opened = await openPage(browser, url, options);
      shown.push({ ...opened, address: new URL(url).origin, leave: () => Promise.resolve() });
      return opened;
    },
  };
}

/** Waits until it is so. */
export function eventually<T>(what: () => T | Promise<T>): ReturnType<typeof expect.poll<T>> {
  return expect.poll(what, WITHIN);
}

/** The cells of each row, a bar between them. */
export function rowsOf(table: Locator): Promise<string[]> {
  return table
    .locator('tbody tr:not(.space)')
    .evaluateAll((rows) =>
      rows.map((row) =>
        Array.from((row as unknown as { cells: Iterable<{ innerText: string }> }).cells, (cell) => cell.innerText.trim()).join(' | '),
      ),
    );
}

/** The card under a heading. */
export const card = (page: Page, title: string): Locator =>
  page.locator('section.card', { has: page.getByRole('heading', { name: title, level: 2, exact: true }) });

/** What axe finds, one line a finding. Evaluated as a debugger does, so that the page's own policy stays as it is. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate<string[]>(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => id + ': ' + help + ' at ' + target.join(' '))))`,
  );
}

/** Whether the page itself scrolls sideways, which only tables may. */
export function scrollsSideways(page: Page): Promise<boolean> {
  return page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');
}

/** Asks how many seconds of a processor's time the page has used: what else the machine does is not in it. */
export async function processorTime(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')!.value;
  };
}
