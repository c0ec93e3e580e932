/** The page in a real Chromium. Missing Chromium fails in CI (CI=true) and is skipped, loudly, elsewhere. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startHttp, type HttpServer } from '../../src/http/start.js';
import type { Application } from '../../src/service/application.js';
import { Chromium, chromiumPath, type Page } from '../support/chromium.js';
import { LAG, SCORES, STATUS, fakeApplication, partition } from '../support/fake-application.js';

const path = chromiumPath();
if (path === undefined) {
  if (process.env['CI'] === 'true') throw new Error('page.browser.test.ts needs Chromium: install it, or set CHROMIUM_PATH');
  console.warn('SKIPPED: the page was not tested, since there is no Chromium (set CHROMIUM_PATH to one)');
}

describe.skipIf(path === undefined)('the page in Chromium', () => {
  let browser: Chromium;
  let http: HttpServer;
  beforeAll(async () => {
    browser = await Chromium.launch(path!);
  });
  afterAll(async () => browser?.close());
  afterEach(async () => http?.close());

  async function open(over: Partial<Application> = {}, token?: string, width = 1_280): Promise<Page> {
    http = await startHttp(fakeApplication(over), { host: '127.0.0.1', port: 0, token });
    return browser.open(http.address, { width, height: 900 });
  }
  const text = (page: Page, selector: string) => page.evaluate<string>(`document.querySelector(${JSON.stringify(selector)}).innerText`);
  const submit = (page: Page, form: string, values: Record<string, string>) =>
    page.evaluate(
      `for (const [id, value] of Object.entries(${JSON.stringify(values)})) document.getElementById(id).value ` +
        `= value; document.getElementById('${form}').requestSubmit()`,
    );

  it('shows state, counters, partitions, decisions and lag', async () => {
    const page = await open();
    await page.until("document.querySelectorAll('#lag tr').length === 24");
    expect(await text(page, '#state')).toBe('Ready');
    expect(await text(page, '#about')).toBe('egreedy-v1, shadow egreedy-v2-shadow · embedded log · group tipstream');
    expect(
      await page.evaluate("['applied', 'users', 'rejected', 'decisions', 'agreement'].map((id) => document.getElementById(id).innerText)"),
    ).toEqual(['128,406', '1,204', '12', '9,310', '82.84 %']);
    expect(await page.evaluate("document.querySelectorAll('#partitions tr').length")).toBe(4);
    expect(await page.evaluate("document.querySelectorAll('#scores tr').length")).toBe(SCORES.length);
    expect(await text(page, '#scores tr:nth-child(1)')).toContain('differs tip-3000');
    expect(await text(page, '#scores tr:nth-child(2)')).toContain('agrees');
    expect(await text(page, '#scores tr:nth-child(5)')).toContain('explored');
  });

  it('goes on by itself, and says why a partition stopped', async () => {
    let status = STATUS;
    const page = await open({ status: () => status });
    await page.until("document.getElementById('state').innerText === 'Ready'");
    const error = { code: 'state_corrupt', message: 'the state file is <b>damaged</b>', hint: 'run tipstream rebuild' };
    status = { ...STATUS, ready: false, partitions: [partition(0), partition(1, { state: 'stopped', error })] };
    await page.until("document.getElementById('state').innerText === 'Not ready'");
    expect(await text(page, '#notice')).toContain('1 partition has stopped');
    expect(await text(page, '#partitions .error')).toBe('state_corrupt: the state file is <b>damaged</b>\n\nrun tipstream rebuild');
  });

  it('shows what is in the data as text, never as markup', async () => {
    const evil = '<img src=x onerror="document.title=\'owned\'">';
    const page = await open({
      status: () => ({
        ...STATUS,
        live_policy: evil,
        group: evil,
        partitions: [partition(0, { state: 'stopped', error: { code: evil, message: evil, hint: evil }, positions: { [evil]: 1 } })],
      }),
      newestScores: () => [{ ...SCORES[0]!, user_id: evil, chosen_tip_id: evil, shadow_tip_id: 'x', decision_id: evil, policy: evil }],
      lag: async () => [{ ...LAG[0]!, topic: evil, reason: evil }],
      profile: async (userId) => ({
        user_id: userId,
        as_of_ms: 0,
        features: { [evil]: evil },
        feature_set: evil,
        positions: { [evil]: { '0': 1 } },
      }),
    });
    await page.until("document.querySelector('#scores button')");
    await page.evaluate("document.querySelector('#scores button').click()");
    await page.until("document.querySelector('#profile table')");
    expect(await page.evaluate("document.querySelectorAll('main img').length")).toBe(0);
    expect(await page.evaluate("document.body.innerText.split('<img').length")).toBeGreaterThan(10);
    expect(await page.evaluate('document.title')).toBe('tipstream');
  });

  it('finds a profile, as of a time, and shows what is wrong with a question', async () => {
    const page = await open();
    await page.until("document.getElementById('state').innerText === 'Ready'");
    await submit(page, 'profile-form', { user: 'a/b 🦊', 'as-of': '2026-01-31T18:04:05Z' });
    await page.until("document.querySelector('#profile table')");
    expect(await text(page, '#profile')).toContain('a/b 🦊 as of 2026-01-31T18:04:05.000Z');
    expect(await text(page, '#profile tbody tr:nth-child(1)')).toMatch(/completion_rate_30d\s+0\.625\s+62\.5 %/);
    for (const [user, asOf, shown] of [
      ['nobody', '', 'no user nobody'],
      ['elsewhere', '', 'http://10.0.0.7:8080'],
      ['ana', 'yesterday', 'as_of_ms: must be Unix milliseconds or ISO 8601'],
    ] as const) {
      await submit(page, 'profile-form', { user, 'as-of': asOf });
      await page.until(`(document.querySelector('#profile .problem')?.innerText ?? '').includes(${JSON.stringify(shown)})`);
    }
  });

  it('says when the service is gone, and when lag cannot be had', async () => {
    const page = await open({
      lag: async () => {
        throw new Error('no broker');
      },
    });
    await page.until("document.querySelector('#lag-summary .problem')");
    expect(await text(page, '#state')).toBe('Ready');
    await http.close();
    await page.until("document.getElementById('state').innerText === 'Unreachable'");
    expect(await text(page, '#notice')).toMatch(
      /The service does not answer\. What is shown is from \d\d:\d\d:\d\d\. Trying again every 2 s\./,
    );
    expect(await text(page, '#applied')).toBe('128,406');
  });

  it('asks for the token, refuses a wrong one, keeps the right one for the tab', async () => {
    const page = await open({}, 's3cret');
    await page.until("!document.getElementById('gate').hidden && document.getElementById('content').hidden");
    for (const wrong of ['wrong', 'zwei Wörter']) {
      await submit(page, 'token-form', { token: wrong });
      await page.until("document.getElementById('token-error').innerText !== ''");
      expect(await page.evaluate("document.querySelectorAll('#scores tr').length")).toBe(0);
    }
    await submit(page, 'token-form', { token: 's3cret' });
    await page.until("document.getElementById('state').innerText === 'Ready' && document.getElementById('gate').hidden");
    await page.call('Page.reload', {});
    await page.until("document.getElementById('state').innerText === 'Ready' && document.getElementById('gate').hidden");
    expect(await page.evaluate('Object.keys(localStorage).length')).toBe(0);
  });

  it('fits a phone: nothing scrolls sideways but tables', async () => {
    const page = await open({}, undefined, 360);
    await page.until("document.querySelectorAll('#lag tr').length === 24");
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });
});
