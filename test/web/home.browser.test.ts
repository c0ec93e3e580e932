/** The first page in a real Chromium. */
import { describe, expect, it } from 'vitest';
import { chromiumOrSkip } from '../support/chromium.js';
import { card, consolePages, eventually, rowsOf, scrollsSideways } from '../support/console-page.js';
import { LAG, SCORES, STATUS, fakeApplication, partition } from '../support/fake-application.js';

const path = chromiumOrSkip('the first page');

describe.skipIf(path === undefined)('the first page', () => {
  const { show } = consolePages(path);

  it('says that all is well, with counters, partitions, charts and decisions', async () => {
    const { page } = await show(fakeApplication());
    await eventually(() => page.locator('.verdict strong').innerText()).toBe('All is well.');
    expect(await page.locator('.verdict .about').innerText()).toBe('egreedy-v1, shadow egreedy-v2-shadow · embedded log · group tipstream');
    expect(await page.locator('.tiles dd').allInnerTexts()).toEqual(['128,406', '1,204', '12', '9,310', '82.84 %', '7,702 of 9,298']);
    expect(await page.getByRole('status').first().innerText()).toBe('Ready');
    expect(await rowsOf(card(page, 'Partitions'))).toHaveLength(4);
    const decisions = await rowsOf(card(page, 'Newest decisions'));
    expect(decisions).toHaveLength(SCORES.length);
    expect(decisions[0]).toContain('differs tip-3000');
    expect(decisions[1]).toContain('agrees');
    expect(decisions[4]).toContain('explored');
    await eventually(() => page.locator('.chart canvas').count()).toBe(2);
    expect(await page.getByRole('img', { name: '0 a second written, 0 applied' }).count()).toBe(1);
    expect(await page.locator('.hint.whole').innerText()).toMatch(/^Over all topics, the last hour at most\. This tab keeps it, since /);
  });

  it('goes on by itself, and names what is wrong first, with a link to it', async () => {
    let status = STATUS;
    const { page } = await show(fakeApplication({ status: () => status }));
    await eventually(() => page.locator('.verdict strong').innerText()).toBe('All is well.');
    const error = { code: 'state_corrupt', message: 'the state file is <b>damaged</b>', hint: 'Run tipstream rebuild.' };
    status = {
      ...STATUS,
      ready: false,
      partitions: [partition(0), partition(1, { state: 'stopped', error }), partition(2, { state: 'restoring', lag_records: 7 })],
    };
    await eventually(() => page.locator('.verdict strong').innerText()).toBe('One thing is wrong.');
    expect(await page.getByRole('status').first().innerText()).toContain('Not ready');
    expect(await page.locator('.troubles li').allInnerTexts()).toEqual([
      'Partition 1 stopped (state_corrupt): the state file is <b>damaged</b>. Run tipstream rebuild. Lag of partition 1',
      'Partition 2 is restoring, with 7 records to go. Lag of partition 2',
    ]);
    expect(await card(page, 'Partitions').locator('.error').innerText()).toBe(
      'state_corrupt: the state file is <b>damaged</b>\n\nRun tipstream rebuild.',
    );
    await page.getByRole('link', { name: 'Lag of partition 1' }).click();
    await eventually(() => rowsOf(card(page, 'Partitions of topics'))).toHaveLength(6);
    expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe('/admin/lag?partition=1');
  });

  it('shows what is in the data as text, never as markup', async () => {
    const evil = '<img src=x onerror="document.title=\'owned\'">';
    const { page } = await show(
      fakeApplication({
        status: () => ({
          ...STATUS,
          live_policy: evil,
          group: evil,
          partitions: [partition(0, { state: 'stopped', error: { code: evil, message: evil, hint: evil }, positions: { [evil]: 1 } })],
        }),
        newestScores: () => [{ ...SCORES[0]!, user_id: evil, chosen_tip_id: evil, shadow_tip_id: 'x', decision_id: evil, policy: evil }],
        lag: async () => [{ ...LAG[0]!, topic: evil, reason: evil, rule: evil }],
        profile: async (userId) => ({
          user_id: userId,
          as_of_ms: 0,
          features: { [evil]: evil },
          feature_set: evil,
          positions: { [evil]: { '0': 1 } },
        }),
      }),
    );
    const user = page.getByRole('link', { name: evil }).first();
    await user.waitFor();
    const texts = [await page.locator('main').innerText()];
    await user.click();
    await page.locator('p.as-of').waitFor();
    texts.push(await page.locator('main').innerText());
    await page.getByRole('link', { name: 'Lag', exact: true }).click();
    await card(page, 'Partitions of topics').locator('tbody td').first().waitFor();
    texts.push(await page.locator('main').innerText());
    expect(texts.join('').split('<img').length).toBeGreaterThan(14);
    expect(await page.locator('main img').count()).toBe(0);
    expect(await page.title()).toBe('Lag · tipstream');
  });

  it('says when the service is gone, and since when it is; a lag that cannot be had says why', async () => {
    const { page, leave } = await show(
      fakeApplication({
        lag: async () => {
          throw new Error('no broker');
        },
      }),
    );
    await page.locator('main .problem').waitFor();
    expect(await page.getByRole('status').first().innerText()).toBe('Ready');
    await leave();
    await eventually(() => page.getByRole('status').first().innerText()).toMatch(
      /^Unreachable\s+The service does not answer\. .*What is shown is from \d\d:\d\d:\d\d\.$/,
    );
    expect(await page.locator('.tiles dd').first().innerText()).toBe('128,406');
    await eventually(() => page.locator('main .problem').count()).toBe(0);
  });

  it('fits a phone: nothing scrolls sideways but tables', async () => {
    const { page } = await show(fakeApplication(), '/', { viewport: { width: 390, height: 800 } });
    await eventually(() => rowsOf(card(page, 'Newest decisions'))).toHaveLength(SCORES.length);
    expect(await scrollsSideways(page)).toBe(false);
  });

  it.each([
    ['moves rows as they are', ''],
    ['takes the focus from what moves', 'delete Element.prototype.moveBefore'],
  ])('keeps the focus on a link whose row changes places, in a browser that %s', async (_, withoutMoving) => {
    let turn = 0;
    const orders = [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
    ];
    const { page, address } = await show(
      fakeApplication({ status: () => ({ ...STATUS, partitions: orders[turn++ % 2]!.map((at) => STATUS.partitions[at]!) }) }),
      '/livez',
    );
    await page.addInitScript(withoutMoving);
    await page.goto(`${address}/?refresh=1`);
    const links = card(page, 'Partitions').getByRole('link');
    const order = async () => (await links.allInnerTexts()).join('');
    await eventually(order).toBe('0123');
    for (const focused of ['1', '2', '0']) {
      await card(page, 'Partitions').getByRole('link', { name: focused }).focus();
      const before = await order();
      await eventually(order).not.toBe(before);
      expect(await page.evaluate('document.activeElement.innerText')).toBe(focused);
    }
  });
});
