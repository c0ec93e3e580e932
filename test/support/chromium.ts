/** The machine's own Chromium, driven by playwright-core, which brings no browser with it. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

const CANDIDATES = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const TIMEOUT_MS = 15_000;
/** Numbers and times read in one way wherever the tests run. */
const LANGUAGE = { locale: 'en-US', timezoneId: 'Europe/Zurich' } as const;

export const chromiumPath = (): string | undefined => CANDIDATES.find((path) => path !== undefined && existsSync(path));

/** Says loudly that tests are skipped for want of a browser; in CI (CI=true) that is an error. */
export function chromiumOrSkip(what: string): string | undefined {
  const path = chromiumPath();
  if (path !== undefined) return path;
  if (process.env['CI'] === 'true') throw new Error(`${what} needs Chromium: install it, or set CHROMIUM_PATH`);
  console.warn(`SKIPPED: ${what}, since there is no Chromium (set CHROMIUM_PATH to one)`);
  return undefined;
}

export function launchChromium(path: string): Promise<Browser> {
  return chromium.launch({ executablePath: path, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
}

export interface OpenPage {
  readonly page: Page;
  /** What the page did wrong: errors that nobody caught, and what its content security policy stopped. */
  readonly faults: readonly string[];
}

/** A page of its own, without storage of others. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 900 }, ...LANGUAGE, ...options });
  context.setDefaultTimeout(TIMEOUT_MS);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    // A failed request is said on the page; the console says it besides.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text());
  });
  await page.goto(url);
  return { page, faults };
}
