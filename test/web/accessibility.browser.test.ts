/** Every page in front of axe: light and dark, wide and narrow, with something wrong. */
import { describe, expect, it } from 'vitest';
import { TipstreamError } from '../../src/errors.js';
import type { Application } from '../../src/service/application.js';
import { chromiumOrSkip } from '../support/chromium.js';
import { accessibilityFaults, consolePages, scrollsSideways } from '../support/console-page.js';
import { REDRIVE } from '../support/fake-letters.js';
import { LAG, REBUILD, STATUS, fakeApplication, partition } from '../support/fake-application.js';
import { SEARCH } from '../support/fake-provenance.js';

const path = chromiumOrSkip('the accessibility of the pages');

const error = { code: 'state_corrupt', message: 'the state file is damaged', hint: 'Run tipstream rebuild.' };
const BROKEN: Partial<Application> = {
  status: () => ({
    ...STATUS,
    ready: false,
    log_reachable: false,
    log_silent_ms: 12_000,
    partitions: [partition(0), partition(1, { state: 'stopped', error })],
  }),
  lag: async () =>
    LAG.map((row, index) => ({ ...row, status: (['stop', 'stall', 'warn', 'ok'] as const)[index % 4]!, lag_records: index })),
  provenance: async (userId) => ({
    ...(await fakeApplication().provenance(userId)),
    search: { ...SEARCH, state: 'reading' },
  }),
  deadLetters: async () => {
    throw new TipstreamError('timeout', 'the log did not answer within 5 s: could not read the dead letters', { hint: 'Ask again.' });
  },
  policies: async () => {
    throw new TipstreamError('not_ready', 'no partition is held here yet', { hint: 'Ask again in a moment.' });
  },
};
const PAGES: readonly (readonly [name: string, at: string, seen: string])[] = [
  ['home', '/', '.tiles'],
  ['lag', '/admin/lag', 'tbody tr'],
  ['users', '/admin/users', '.users li'],
  ['user', `/admin/users/ana?rebuild=${REBUILD.job_id}`, 'p.as-of'],
  ['a user as known then', '/admin/users/ana?known_at={"tip.served":1}', '.notice'],
  ['a decision', '/admin/users/ana/decisions/d-9310', '.facts-list'],
  ['events', '/admin/events', 'tbody tr'],
  ['an event', '/admin/events/tip.served/2/1841', 'pre'],
  ['data quality', '/admin/data-quality', 'tbody tr a'],
  ['dead letters', `/admin/dead-letters?redrive=${REDRIVE.job_id}`, '.notice'],
  ['the redrive of all', '/admin/dead-letters', '#max'],
  ['a dead letter', '/admin/dead-letters/tip.served-dlt/1/1', 'pre.raw'],
  ['policies', '/admin/policies?card=egreedy-v1', '.markdown'],
  ['features', '/admin/features?feature=completion_rate_30d', 'pre'],
  ['changes', '/admin/audit', 'tbody tr a'],
  ['no page', '/admin/nothing', 'main p.card'],
];

describe.skipIf(path === undefined)('axe finds nothing', () => {
  const { show } = consolePages(path);

  it.each(PAGES)('on %s, dark and narrow too', async (_, at, seen) => {
    const { page } = await show(fakeApplication(), at);
    await page.locator(seen).first().waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await scrollsSideways(page)).toBe(false);
  });

  it.each([
    ['home', '/', '.troubles li'],
    ['lag', '/admin/lag', 'tbody tr'],
    ['policies', '/admin/policies', '.problem'],
    ['dead letters', '/admin/dead-letters', '.problem:not(:empty)'],
    ['a dead letter that is not there', '/admin/dead-letters/tip.served-dlt/0/9', '.problem'],
    ['a user who is not known', '/admin/users/nobody', '.problem'],
    ['a user whose records are looked for', '/admin/users/ana?feature=tip_volume_30d', 'progress'],
    ['an event that is not there', '/admin/events/tip.served/2/9999', '.problem'],
  ])('on %s when something is wrong', async (_, at, seen) => {
    const { page } = await show(fakeApplication(BROKEN), at);
    await page.locator(seen).first().waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  it('on what the keyboard reaches, and shows where it is', async () => {
    const { page } = await show(fakeApplication(), '/');
    await page.locator('.tiles').waitFor();
    const reached: string[] = [];
    for (let stop = 0; stop < 16; stop++) {
      await page.keyboard.press('Tab');
      const [name, outline, width] = await page.evaluate<[string, string, string]>(
        `(() => { const at = document.activeElement, { outlineStyle, outlineWidth } = getComputedStyle(at);
          return [at.getAttribute('aria-label') ?? at.innerText.slice(0, 30), outlineStyle, outlineWidth]; })()`,
      );
      reached.push(name);
      expect([name, outline, parseFloat(width) >= 2]).toEqual([name, 'solid', true]);
    }
    expect(reached.slice(0, 2)).toEqual(['Skip to the content', 'Home']);
    expect(reached).toEqual(expect.arrayContaining(['Dead letters', 'Features', 'Pause', 'UTC', 'Partitions']));
  });

  it('where a token is asked for', async () => {
    const { page } = await show(fakeApplication(), '/', { token: 's3cret-and-long-enough' });
    await page.getByLabel('Token').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});
