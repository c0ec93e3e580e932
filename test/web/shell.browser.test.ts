/** What all pages share: addresses, Back, the token, the rhythm, the time zone, and that they are files that a browser may keep. */
import { describe, expect, it } from 'vitest';
import { chromiumOrSkip } from '../support/chromium.js';
import { card, consolePages, eventually, rowsOf } from '../support/console-page.js';
import { LAG, NOW_MS, STATUS, fakeApplication } from '../support/fake-application.js';

const path = chromiumOrSkip('the frame of the pages');
const FIRST_LOAD_BYTES = 100_000;

describe.skipIf(path === undefined)('the pages', () => {
  const { show } = consolePages(path);
  const whereIs = (page: { url(): string }) => page.url().replace(/^http:\/\/[^/]+/, '');

  it('have addresses: links, Back, and the address of a user as it was shared before', async () => {
    const { page, address } = await show(fakeApplication(), '/?refresh=30');
    await page.getByRole('link', { name: 'Policies' }).click();
    await page.getByRole('heading', { level: 1, name: 'Policies' }).waitFor();
    expect(whereIs(page)).toBe('/admin/policies?refresh=30');
    expect(await page.title()).toBe('Policies · tipstream');
    expect(await page.getByRole('link', { name: 'Policies' }).getAttribute('aria-current')).toBe('page');
    await page.goBack();
    await page.locator('.verdict').waitFor();
    expect(whereIs(page)).toBe('/?refresh=30');
    await page.goto(`${address}/?user=a%2Fb%20%F0%9F%A6%8A`);
    await eventually(() => page.locator('p.as-of b').innerText()).toBe('a/b 🦊');
    expect(whereIs(page)).toBe('/admin/users/a%2Fb%20%F0%9F%A6%8A');
    await page.goto(`${address}/admin/nothing`);
    await eventually(() => page.locator('main').innerText()).toContain('There is no page at /admin/nothing.');
    await page.goto(`${address}/admin`);
    await page.locator('.verdict').waitFor();
  });

  it('follow a Back that comes before the browser has painted', async () => {
    const { page } = await show(fakeApplication(), '/admin/policies');
    await page.getByRole('link', { name: 'Lag' }).click();
    await page.getByRole('heading', { level: 1, name: 'Lag' }).waitFor();
    await page.addInitScript(`
      const wait = setTimeout;
      requestAnimationFrame = (then) => wait(then, 3_000);
      setTimeout = (then, ms) => wait(then, ms + 3_000);
      addEventListener('load', () => history.back(), { once: true });
    `);
    await page.reload();
    await eventually(() => whereIs(page)).toBe('/admin/policies');
    await page.getByRole('heading', { level: 1, name: 'Policies' }).waitFor();
  });

  it('ask for the token, refuse a wrong one, keep the right one for the tab', async () => {
    const { page } = await show(fakeApplication(), '/admin/lag', { token: 's3cret-and-long-enough' });
    const field = page.getByLabel('Token');
    for (const [wrong, said] of [
      ['wrong', 'The service did not accept this token.'],
      ['zwei Wörter', 'A token consists of visible ASCII characters without spaces.'],
    ] as const) {
      await field.fill(wrong);
      await field.press('Enter');
      await eventually(() => page.getByRole('alert').innerText()).toBe(said);
      expect(await page.locator('table').count()).toBe(0);
    }
    await field.fill('s3cret-and-long-enough');
    await field.press('Enter');
    await eventually(() => rowsOf(card(page, 'Partitions of topics'))).toHaveLength(LAG.length);
    await page.reload();
    await eventually(() => rowsOf(card(page, 'Partitions of topics'))).toHaveLength(LAG.length);
    expect(await page.evaluate('Object.keys(localStorage).length')).toBe(0);
  });

  it('refresh at the chosen rhythm, pause, and say of when they are', async () => {
    let asked = 0;
    const { page } = await show(
      fakeApplication({
        status: () => ({ ...STATUS, counts: { ...STATUS.counts, users: ++asked } }),
      }),
      '/?refresh=1',
    );
    await eventually(() => asked).toBeGreaterThan(1);
    await page.getByRole('button', { name: 'Pause' }).click();
    await eventually(() => page.locator('.updated').innerText()).toMatch(/^Paused\. As of \d\d:\d\d:\d\d$/);
    const paused = asked;
    await page.waitForTimeout(1_300);
    expect(asked).toBe(paused);
    await page.getByLabel('Refresh').selectOption('off');
    await eventually(() => whereIs(page)).toBe('/?refresh=off');
    const off = asked;
    await page.getByRole('button', { name: 'Refresh now' }).click();
    await eventually(() => asked).toBe(off + 1);
  });

  it('show local times with UTC on hover, or UTC', async () => {
    const { page } = await show(fakeApplication(), '/admin/policies');
    const time = card(page, 'History').locator('time').first();
    await eventually(() => time.innerText()).toBe('2026-01-31 19:04:05');
    expect(await time.getAttribute('title')).toBe(new Date(NOW_MS).toISOString());
    await page.getByRole('button', { name: 'UTC' }).click();
    await eventually(() => time.innerText()).toBe('2026-01-31 18:04:05 Z');
    expect(whereIs(page)).toBe('/admin/policies?time=utc');
  });

  it('read nothing aloud while nothing changes', async () => {
    const { page } = await show(fakeApplication(), '/?refresh=1');
    await page.locator('.verdict').waitFor();
    await page.evaluate(
      `window.spoken = []; for (const place of document.querySelectorAll('[role=status], [role=alert], [aria-live]'))
        new MutationObserver(() => window.spoken.push(place.innerText))
          .observe(place, { subtree: true, childList: true, characterData: true })`,
    );
    await page.waitForTimeout(2_500);
    expect(await page.evaluate('window.spoken')).toEqual([]);
  });

  it(`load in less than ${FIRST_LOAD_BYTES} bytes, from files that a browser keeps`, async () => {
    const { page, address } = await show(fakeApplication(), '/livez');
    const sizes = new Map<string, number>();
    page.on('requestfinished', (request) => {
      if (/^\/(page\/|$)/.test(new URL(request.url()).pathname))
        void request.sizes().then(({ responseBodySize }) => sizes.set(request.url(), responseBodySize));
    });
    await page.goto(address);
    await eventually(() => page.locator('.chart canvas').count()).toBe(2);
    const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    expect(sizes.size).toBeGreaterThan(4);
    expect(total).toBeGreaterThan(10_000);
    expect(total).toBeLessThan(FIRST_LOAD_BYTES);
  });
});
