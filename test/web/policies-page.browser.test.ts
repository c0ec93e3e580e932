/** /admin/policies in a real Chromium. Missing Chromium fails in CI (CI=true) and is skipped, loudly, elsewhere. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TipstreamError } from '../../src/errors.js';
import type { Application, PromptsDocument } from '../../src/service/application.js';
import { startHttp, type HttpServer } from '../../src/http/start.js';
import { Chromium, chromiumPath, type Page } from '../support/chromium.js';
import { PROMPTS, fakeApplication } from '../support/fake-application.js';

const path = chromiumPath();
if (path === undefined) {
  if (process.env['CI'] === 'true') throw new Error('policies-page.browser.test.ts needs Chromium: install it, or set CHROMIUM_PATH');
  console.warn('SKIPPED: the policies page was not tested, since there is no Chromium (set CHROMIUM_PATH to one)');
}

describe.skipIf(path === undefined)('the policies page in Chromium', () => {
  let browser: Chromium;
  let http: HttpServer;
  beforeAll(async () => {
    browser = await Chromium.launch(path!);
  });
  afterAll(async () => browser?.close());
  afterEach(async () => http?.close());

  async function open(over: Partial<Application> = {}, token?: string, width = 1_280): Promise<Page> {
    http = await startHttp(fakeApplication(over), { host: '127.0.0.1', port: 0, token });
    const page = await browser.open('about:blank', { width, height: 900 });
    await page.call('Page.enable', {});
    await page.call('Page.addScriptToEvaluateOnNewDocument', {
      source:
        "window.wrong = []; addEventListener('error', (event) => wrong.push(event.message)); addEventListener('unhandledrejection', " +
        "(event) => wrong.push(String(event.reason))); addEventListener('securitypolicyviolation', " +
        '(event) => wrong.push(event.violatedDirective));',
    });
    await page.call('Page.navigate', { url: `${http.address}/admin/policies` });
    return page;
  }
  const text = (page: Page, selector: string) => page.evaluate<string>(`document.querySelector(${JSON.stringify(selector)}).innerText`);
  const rows = (page: Page, id: string) =>
    page.evaluate<string[]>(
      `[...document.querySelectorAll('#${id} tr')].map((row) => [...row.cells].map((cell) => cell.innerText.trim()).join(' | '))`,
    );
  const nothingWrong = async (page: Page) => expect(await page.evaluate('wrong')).toEqual([]);
  /** The page asks again every five seconds. */
  const eventually = (page: Page, expression: string) =>
    expect
      .poll(() => page.evaluate<boolean>(`Boolean(${expression})`).catch(() => false), {
        timeout: 60_000,
        interval: 50,
        message: expression,
      })
      .toBe(true);
  const choose = (page: Page, version: string) =>
    page.evaluate(
      `document.getElementById('against').value = ${JSON.stringify(version)}; ` +
        `document.getElementById('against').dispatchEvent(new Event('change'))`,
    );
  /** One key, as a keyboard sends it. */
  async function press(page: Page, key: string, code: number): Promise<void> {
    for (const type of ['rawKeyDown', 'keyUp'])
      await page.call('Input.dispatchKeyEvent', { type, key, code: key, windowsVirtualKeyCode: code, nativeVirtualKeyCode: code });
  }

  it('shows who is live, and what each prompt version has earned', async () => {
    const page = await open();
    await eventually(
      page,
      "document.querySelectorAll('#prompts tr').length === 3 && document.querySelectorAll('#policies tr').length === 1",
    );
    expect(await rows(page, 'policies')).toEqual(['egreedy-v1 | 100 % |  | 1,234 | 400 | 50 % (40 % to 60 %) | lambda 1']);
    expect(await rows(page, 'prompts')).toEqual([
      'v1 | 5,210 | 2,604 | 42.01 % (39.12 % to 44.9 %) | 21 % (19.36 % to 22.64 %) | the reference | the reference',
      'v2 | 5,187 | 2,611 | 52.03 % (49.1 % to 54.96 %) | 26.19 % (24.43 % to 27.95 %) | +10.02 points ' +
        '(+3.25 to +16.79) surely more | +5.19 points (-0.01 to +10.39)',
      '(none) | 4 | 0 | none yet | 0 % (0 % to 100 %) |  | ',
    ]);
    expect((await rows(page, 'history')).map((row) => row.split(' | ').slice(1).join(' | '))).toEqual([
      'undo migrate | egreedy-v2 |  | ',
      'migrate | egreedy-v2 from egreedy-v1, trained |  | ',
      'promote | egreedy-v1 | 100 | because <i>',
    ]);
    expect(await text(page, '#less-reward')).toBe('Mean less v1');
    const note = await text(page, '#prompts-note');
    expect(note).toMatch(/^Counted at .*\d\d:\d\d:\d\d, and again at most once a second: less often the longer it takes\. The intervals/);
    expect(note).toMatch(/ longer it takes\. The intervals hold with 95 %.* only where chance chose the version\.$/);
    expect(await text(page, '#counted')).toMatch(/^Decisions and rewards were counted at .*\d\d:\d\d:\d\d/);
    await nothingWrong(page);
  });

  it('compares with another version, chosen by keyboard, and keeps to it', async () => {
    const asked: (string | undefined)[] = [];
    const page = await open({
      prompts: async (against) => {
        asked.push(against);
        return against === 'v2'
          ? {
              ...PROMPTS,
              against,
              prompts: PROMPTS.prompts.map((one) => ({
                ...one,
                difference:
                  one.prompt_version === 'v1'
                    ? { reward: { mean: -0.1, low: -0.17, high: -0.03 }, missing_as_zero: { mean: -0.05, low: -0.1, high: 0 } }
                    : null,
              })),
            }
          : PROMPTS;
      },
    });
    await eventually(page, "document.querySelectorAll('#prompts tr').length === 3");
    expect(await text(page, 'label[for=against]')).toBe('Compared with');
    for (let i = 0; i < 20 && (await page.evaluate("document.activeElement.id !== 'against'")); i++) await press(page, 'Tab', 9);
    expect(await page.evaluate('document.activeElement.id')).toBe('against');
    await press(page, 'ArrowDown', 40);
    await eventually(page, "document.querySelector('#less-reward').innerText === 'Mean less v2'");
    expect((await rows(page, 'prompts'))[0]).toContain('-10 points (-17 to -3) surely less | -5 points (-10 to 0)');
    expect((await rows(page, 'prompts'))[1]).toContain('| the reference | the reference');
    await expect.poll(() => asked.slice(-2), { timeout: 30_000 }).toEqual(['v2', 'v2']);
    expect(await page.evaluate("[document.activeElement.id, document.getElementById('against').value]")).toEqual(['against', 'v2']);
    await nothingWrong(page);
  });

  it('says what to do where there is nothing to compare', async () => {
    let document: PromptsDocument = { against: null, alpha: 0.05, prompts: [], counted_at_ms: PROMPTS.counted_at_ms };
    const page = await open({ prompts: async () => document });
    await eventually(page, "document.querySelector('#prompts .none')");
    expect(await text(page, '#prompts')).toContain(
      'Put the decision_id and the prompt_version that POST /generate answers into tip.served',
    );
    expect(await text(page, '#prompts-note')).not.toContain('No serving names a version');
    expect(await page.evaluate("document.getElementById('compare').hidden")).toBe(true);
    document = { ...document, prompts: PROMPTS.prompts.slice(2) };
    await eventually(page, "document.getElementById('prompts-note').innerText.includes('No serving names a version: put')");
    document = { ...document, against: 'v1', prompts: PROMPTS.prompts.slice(0, 1) };
    await eventually(page, "document.getElementById('prompts-note').innerText.includes('with several in --tip-prompt-version')");
    expect(await page.evaluate("document.getElementById('compare').hidden")).toBe(true);
    await nothingWrong(page);
  });

  it('shows names as text, never as markup, and can ask about odd ones', async () => {
    const evil = '<img src=x onerror="document.title=\'owned\'">';
    const names = [evil, '', 'ü&against=v1#?', '"\'', '🦊', '\ud800', '__proto__'];
    const asked: (string | undefined)[] = [];
    const page = await open({
      prompts: async (against) => {
        asked.push(against);
        return {
          ...PROMPTS,
          against: against ?? evil,
          prompts: names.map((prompt_version) => ({ ...PROMPTS.prompts[0]!, prompt_version })),
        };
      },
    });
    await eventually(page, `document.querySelectorAll('#prompts tr').length === ${names.length}`);
    expect(await page.evaluate("document.querySelectorAll('main img').length")).toBe(0);
    expect(await page.evaluate("[...document.querySelectorAll('#prompts th')].map((cell) => cell.innerText)")).toEqual([
      evil,
      '(empty)',
      'ü&against=v1#?',
      '"\'',
      '🦊',
      '\ud800',
      '__proto__',
    ]);
    // What cannot be in an address cannot be chosen.
    expect(await page.evaluate("document.querySelectorAll('#against option').length")).toBe(names.length - 1);
    for (const name of ['', 'ü&against=v1#?', '"\'', '🦊', '__proto__']) {
      await choose(page, name);
      await expect.poll(() => asked.at(-1), { timeout: 30_000 }).toBe(name);
    }
    expect(await page.evaluate('document.title')).toBe('tipstream: policies');
    await nothingWrong(page);
  });

  it('waits while decisions are counted, says what went wrong, and goes on by itself', async () => {
    let fail: TipstreamError | undefined = new TipstreamError('not_ready', 'the decisions are still being counted', {
      hint: 'Ask again in a moment.',
    });
    const page = await open({
      prompts: async () => {
        if (fail !== undefined) throw fail;
        return PROMPTS;
      },
    });
    await eventually(
      page,
      "document.getElementById('prompts-note').innerText === 'the decisions are still being counted. Ask again in a moment.'",
    );
    expect(await page.evaluate("document.querySelector('#prompts-note .problem')")).toBeNull();
    fail = new TipstreamError('state_corrupt', 'the state file is <b>damaged</b>', { hint: 'run tipstream rebuild' });
    await eventually(
      page,
      "document.querySelector('#prompts-note .problem')?.innerText.includes('the state file is <b>damaged</b> (state_corrupt)')",
    );
    expect(await text(page, '#policies')).toContain('egreedy-v1');
    fail = undefined;
    await eventually(
      page,
      "document.querySelectorAll('#prompts tr').length === 3 && document.querySelector('#prompts-note .problem') === null",
    );
    await nothingWrong(page);
  });

  it('goes back to the first reference when the chosen one is gone', async () => {
    let gone = false;
    const page = await open({
      prompts: async (against) => {
        if (gone && against !== undefined) throw new TipstreamError('prompt_not_found', 'no decision was served with it');
        return { ...PROMPTS, against: against ?? 'v1' };
      },
    });
    await eventually(page, "document.querySelectorAll('#prompts tr').length === 3");
    await choose(page, 'v2');
    await eventually(page, "document.querySelector('#less-reward').innerText === 'Mean less v2'");
    gone = true;
    await eventually(
      page,
      "document.querySelector('#less-reward').innerText === 'Mean less v1' && document.getElementById('against').value === 'v1'",
    );
    expect(await page.evaluate("document.querySelector('#prompts-note .problem')")).toBeNull();
    await nothingWrong(page);
  });

  it('asks for the token once', async () => {
    const page = await open({}, 's3cret');
    await eventually(
      page,
      "!document.getElementById('notice').hidden && performance.getEntriesByType('resource').some(({ name, " +
        "responseEnd }) => name.endsWith('/v1/prompts') && responseEnd > 0)",
    );
    expect(await text(page, '#notice')).toContain('Give the token on the first page');
    expect(await page.evaluate("document.getElementById('prompts-note').innerText")).toBe('');
    await nothingWrong(page);
  });

  it('fits a phone: nothing scrolls sideways but tables', async () => {
    const page = await open(
      {
        prompts: async () => ({
          ...PROMPTS,
          prompts: PROMPTS.prompts.map((one) => ({
            ...one,
            prompt_version: one.prompt_version && one.prompt_version + '-long'.repeat(20),
          })),
          against: `v1${'-long'.repeat(20)}`,
        }),
      },
      undefined,
      360,
    );
    await eventually(page, "document.querySelectorAll('#prompts tr').length === 3");
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await nothingWrong(page);
  });
});
