/** /admin/lag in a real Chromium. */
import { describe, expect, it } from 'vitest';
import type { LagRow } from '../../src/log/lag.js';
import { chromiumOrSkip } from '../support/chromium.js';
import { card, consolePages, eventually, processorTime, rowsOf, scrollsSideways } from '../support/console-page.js';
import { LAG, fakeApplication } from '../support/fake-application.js';

const path = chromiumOrSkip('the page of lag');
const behind = (row: LagRow, over: Partial<LagRow>): LagRow => ({ ...row, ...over });

describe.skipIf(path === undefined)('the page of lag', () => {
  const { show } = consolePages(path);
  const TITLE = 'Partitions of topics';

  it('shows every partition, worst first, and tells zero from unknown', async () => {
    const lag = [
      ...LAG.slice(0, 3),
      behind(LAG[3]!, {
        status: 'stall',
        applied_offset: 10,
        committed_offset: null,
        lag_records: 1_234,
        lag_seconds: null,
        rate_in: 2.5,
        rate_out: 0,
        catch_up_seconds: null,
        reason: 'Nothing was applied for 40 s.',
        rule: 'lag_records 1234 > 0 and nothing applied for 40 s',
      }),
    ];
    const { page } = await show(fakeApplication({ lag: async () => lag }), '/admin/lag');
    await eventually(() => rowsOf(card(page, TITLE))).toHaveLength(4);
    const rows = await rowsOf(card(page, TITLE));
    expect(rows[0]).toBe('policy.control | 3 | stall | 1,234 | – | 2.5 | 0 | – | 10 | – | 7,335 | 7,335 | Nothing was applied for 40 s.');
    expect(rows[1]).toBe('policy.control | 0 | ok | 0 | 0 | 0 | 0 | 0 | 7,224 | 7,221 | 7,224 | 7,224 | Everything in the log is applied.');
    expect(await page.locator('.lag-sum').innerText()).toBe('1,234 records behind, the oldest of unknown age. 1 stall 3 ok');
  });

  it('is filtered and sorted by its address, which can be shared', async () => {
    const { page, address } = await show(fakeApplication(), '/admin/lag');
    await eventually(() => rowsOf(card(page, TITLE))).toHaveLength(24);
    await page.getByLabel('Topic', { exact: true }).fill('tip.scored');
    await page.getByLabel('Partition', { exact: true }).selectOption('2');
    await eventually(() => rowsOf(card(page, TITLE))).toHaveLength(2);
    await page.getByRole('button', { name: 'High watermark' }).click();
    await page.getByRole('button', { name: 'High watermark' }).click();
    const shared = page.url();
    expect(new URL(shared).search).toBe('?topic=tip.scored&partition=2&sort=end');
    await page.goto(`${address}/`);
    await page.goto(shared);
    await eventually(() => rowsOf(card(page, TITLE))).toHaveLength(2);
    expect((await rowsOf(card(page, TITLE))).map((row) => row.split(' | ')[0])).toEqual(['tip.scored.shadow', 'tip.scored']);
    expect(await page.getByRole('columnheader', { name: 'High watermark' }).getAttribute('aria-sort')).toBe('ascending');
    await page.getByLabel('Topic', { exact: true }).fill('nothing');
    await page.getByRole('button', { name: 'Show all 24.' }).click();
    await eventually(() => rowsOf(card(page, TITLE))).toHaveLength(24);
  });

  it('keeps focus, selection and scroll position while rows change places', async () => {
    let turn = 0;
    const lag = async () => {
      turn++;
      return LAG.map((row, index) => behind(row, { lag_records: (index * 7 + turn * 5) % 24 }));
    };
    const { page } = await show(fakeApplication({ lag }), '/admin/lag?sort=-records&refresh=1');
    await eventually(() => rowsOf(card(page, TITLE))).toHaveLength(24);
    const region = page.getByRole('region', { name: 'Lag by topic and partition' });
    await region.evaluate((element) => {
      element.scrollTop = 120;
      (element as HTMLElement).focus();
    });
    const first = (await rowsOf(card(page, TITLE)))[0];
    await page.evaluate("getSelection().selectAllChildren(document.querySelector('tbody tr:nth-child(9) th'))");
    const selected = await page.evaluate<string>('getSelection().toString()');
    await eventually(async () => (await rowsOf(card(page, TITLE)))[0]).not.toBe(first);
    expect(await page.evaluate("[document.activeElement.getAttribute('aria-label'), document.activeElement.scrollTop]")).toEqual([
      'Lag by topic and partition',
      120,
    ]);
    expect(await page.evaluate('getSelection().toString()')).toBe(selected);
  });

  it('stays quick with 10,000 rows, of which those in sight are in the document', async () => {
    const rows = Array.from({ length: 10_000 }, (_, index) => behind(LAG[0]!, { topic: `topic-${String(index % 10)}`, partition: index }));
    const { page } = await show(fakeApplication({ lag: async () => rows }), '/admin/lag?refresh=off');
    await eventually(() => page.locator('tbody tr:not(.space)').count()).toBeGreaterThan(10);
    expect(await page.locator('tbody tr:not(.space)').count()).toBeLessThan(100);
    expect(await page.getByRole('table').getAttribute('aria-rowcount')).toBe('10001');
    const region = page.getByRole('region', { name: 'Lag by topic and partition' });
    const busySeconds = await processorTime(page);
    const before = await busySeconds();
    await region.evaluate(async (element) => {
      for (let at = 1; at <= 20; at++) {
        element.scrollTop = (at / 20) * element.scrollHeight;
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      }
    });
    const scrolledFor = (await busySeconds()) - before;
    await eventually(() => rowsOf(card(page, TITLE)).then((shown) => shown.at(-1))).toContain('topic-9 | 9999 | ok');
    expect(scrolledFor).toBeLessThan(2);
  });

  it('says what to do when nothing is read, and fits a phone', async () => {
    const { page } = await show(fakeApplication({ lag: async () => [] }), '/admin/lag', { viewport: { width: 390, height: 800 } });
    await eventually(() => rowsOf(card(page, TITLE))).toEqual(['No topic is read.']);
    expect(await scrollsSideways(page)).toBe(false);
  });
});
