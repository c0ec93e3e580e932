/** /admin/users in a real Chromium: profiles as of a time, and the rebuild of one. */
import { describe, expect, it } from 'vitest';
import type { Application, RebuildJob } from '../../src/service/application.js';
import { chromiumOrSkip } from '../support/chromium.js';
import { card, consolePages, eventually, rowsOf, scrollsSideways } from '../support/console-page.js';
import { REBUILD, fakeApplication } from '../support/fake-application.js';

const path = chromiumOrSkip('the pages of users');

describe.skipIf(path === undefined)('the pages of users', () => {
  const { show } = consolePages(path);

  it('find a profile, as of a time, and say what is wrong with a question', async () => {
    const { page } = await show(fakeApplication(), '/admin/users');
    await page.getByLabel('User id').fill('a/b 🦊');
    await page.getByLabel('User id').press('Enter');
    await page.getByLabel('As of').fill('2026-01-31T18:04:05Z');
    await page.getByLabel('As of').press('Enter');
    await eventually(() => page.locator('p.as-of').innerText()).toBe('a/b 🦊 as of 2026-01-31 19:04:05');
    expect(new URL(page.url()).search).toBe('?as_of=2026-01-31T18%3A04%3A05Z');
    const rows = await rowsOf(card(page, 'Profile'));
    expect(rows).toHaveLength(8);
    const window = '2026-01-01 19:04:05 to 2026-01-31 19:04:05 (30 d)';
    expect(rows[0]).toBe(`completion_rate_30d | 0.625 | 62.5 % | ${window} | 3 | never by time alone`);
    expect(rows[2]).toBe(`mean_dwell_ms_30d | 204517.25 | 3.41 min | ${window} | 0 | never by time alone`);
    expect(rows[4]).toMatch(/^preferred_hour \| 18 \| 18:00 local \| /);
    expect(rows[5]).toMatch(/^preferred_weekday \| 5 \| Saturday \| /);
    expect(rows[6]).toMatch(/^snooze_rate_30d \| null \| empty \| /);
    expect(rows[7]).toBe(
      `tip_volume_30d | 48 |  | ${window} | 2 | 2026-02-01 19:04:05, in 1 d: 47. The serving of tip-3 leaves the window.`,
    );
    expect(await card(page, 'Profile').locator('.facts').innerText()).toBe(
      'Feature set a41f09c2d7e3. Next offsets: tip.served [2] 1,842; tip.feedback [2] 1,377',
    );
    await page.getByLabel('As of').fill('yesterday');
    await page.getByLabel('As of').press('Enter');
    await eventually(() => card(page, 'Profile').locator('.problem').innerText()).toContain(
      'as_of_ms: must be Unix milliseconds or ISO 8601',
    );
    await page.goBack();
    await eventually(() => page.locator('p.as-of').innerText()).toContain('19:04:05');
    for (const [user, said] of [
      ['nobody', 'no user nobody'],
      ['elsewhere', 'Ask the process at http://10.0.0.7:8080.'],
    ] as const) {
      await page.getByRole('link', { name: 'Users' }).click();
      await page.getByLabel('User id').fill(user);
      await page.getByRole('button', { name: 'Show' }).click();
      await eventually(() => card(page, 'Profile').locator('.problem').innerText()).toContain(said);
    }
  });

  it('say what to do about an id that no address can have', async () => {
    const { page } = await show(fakeApplication(), '/admin/users');
    await page.getByLabel('User id').fill('..');
    await page.getByLabel('User id').press('Enter');
    await eventually(() => page.getByRole('alert').innerText()).toBe(
      'A browser cannot have .. in an address. Ask on the command line: npx tipstream profile ..',
    );
    expect(new URL(page.url()).pathname).toBe('/admin/users');
  });

  const job = (over: Partial<RebuildJob>): RebuildJob => ({ ...REBUILD, dry_run: true, ...over });
  /** A service whose one job is what the test says it is. */
  function rebuilding(begun: RebuildJob[]) {
    let now = begun[0]!;
    const asked: unknown[] = [];
    const application: Partial<Application> = {
      rebuildUser: async (userId, { dryRun }) => {
        asked.push([userId, dryRun ? 'check' : 'rebuild']);
        return (now = begun.shift()!);
      },
      rebuildJob: () => now,
      cancelRebuild: () => {
        asked.push('cancel');
        return (now = { ...now, state: 'cancelled', result: undefined });
      },
    };
    return { application, asked, becomes: (next: RebuildJob) => void (now = next) };
  }
  const { result: _result, ...withoutResult } = REBUILD;
  const running = (over: Partial<RebuildJob> = {}): RebuildJob => ({ ...withoutResult, state: 'running', dry_run: true, ...over });

  it('check a profile against the log, show what differs, and put it right once that is confirmed', async () => {
    const { application, asked, becomes } = rebuilding([
      running({ progress: { done: 3_102, total: 12_408 } }),
      running({ dry_run: false }),
    ]);
    const { page } = await show(fakeApplication(application), '/admin/users/ana');
    const rebuild = card(page, 'Rebuild');
    await rebuild.getByRole('button', { name: 'Check against the log' }).click();
    await eventually(() => rebuild.getByLabel('Checking against the log: 25 %').count()).toBe(1);
    expect(new URL(page.url()).search).toBe(`?rebuild=${REBUILD.job_id}`);
    becomes(job({}));
    await eventually(() => rowsOf(rebuild)).toEqual(['tip_volume_30d | 47 | 48']);
    expect(asked).toEqual([['ana', 'check']]);
    await page.reload();
    await rebuild.getByRole('button', { name: 'Put it right' }).click();
    await eventually(() => asked.length).toBe(2);
    becomes(job({ dry_run: false }));
    await eventually(() => rebuild.getByRole('status').innerText()).toBe('Put right, from 96 events in the log.');
    expect(asked).toEqual([
      ['ana', 'check'],
      ['ana', 'rebuild'],
    ]);
  });

  it('say that nothing differs, cancel, and say why a rebuild failed', async () => {
    const failed = running({
      state: 'failed',
      dry_run: false,
      error: { code: 'log_unavailable', message: 'the log does not answer', hint: 'Look at the brokers.' },
    });
    const { application, asked, becomes } = rebuilding([running({ progress: { done: 0, total: null } }), running(), failed]);
    const { page } = await show(fakeApplication(application), '/admin/users/ana');
    const rebuild = card(page, 'Rebuild');
    await rebuild.getByRole('button', { name: 'Check against the log' }).click();
    await rebuild.getByRole('button', { name: 'Cancel' }).click();
    await eventually(() => rebuild.getByRole('status').innerText()).toBe('The check was cancelled.');
    await rebuild.getByRole('button', { name: 'Check again' }).click();
    await rebuild.getByRole('button', { name: 'Cancel' }).waitFor();
    becomes(job({ result: { ...REBUILD.result!, changed: [] } }));
    await eventually(() => rebuild.getByRole('status').innerText()).toBe(
      'Nothing differs: 96 events replayed give the profile that is there.',
    );
    await rebuild.getByRole('button', { name: 'Check again' }).click();
    await eventually(() => rebuild.locator('.problem').innerText()).toContain(
      'the log does not answer. log_unavailable\n\nLook at the brokers.',
    );
    expect(asked).toEqual([['ana', 'check'], 'cancel', ['ana', 'check'], ['ana', 'check']]);
  });

  it('fit a phone', async () => {
    const { page } = await show(fakeApplication(), `/admin/users/${'x'.repeat(128)}`, { viewport: { width: 390, height: 800 } });
    await page.locator('p.as-of').waitFor();
    expect(await scrollsSideways(page)).toBe(false);
  });
});
