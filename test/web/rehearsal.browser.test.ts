/**
 * Four things that go wrong, found and mended by somebody who has the pages alone, and a shell for the one command that a page names:
 * a partition that is stuck, a record that cannot be read, a producer that is late, a profile that is wrong. From the first page on, only
 * links are followed. With SCREENSHOTS set, the pictures of docs/operating.md are written there.
 */
import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { startHttp } from '../../src/http/start.js';
import { chromiumOrSkip } from '../support/chromium.js';
import { CliWorkspace } from '../support/cli-process.js';
import { card, consolePages, eventually, rowsOf } from '../support/console-page.js';
import { embeddedService } from '../support/embedded/directory.js';
import { recordOf } from '../support/embedded/service.js';
import { plant } from '../support/planted-state.js';

const path = chromiumOrSkip('the rehearsal');
const SCREENSHOTS = process.env['SCREENSHOTS'];
const SIZE = { viewport: { width: 1_100, height: 640 } } as const;
const NOW = Date.now();
const HOUR = 3_600_000;
/** Of both partitions. */
const USERS = ['ana', 'bo', 'lea', 'max'];
const served = (user_id: string, tip_id: string, served_at_ms: number) => ({ user_id, tip_id, served_at_ms });

const verdict = (page: Page) => page.locator('.verdict strong').innerText();
const follow = (within: Page | Locator, name: string | RegExp) => within.getByRole('link', { name, exact: true }).click();

/** Of the page as it is, at its head or at its foot. The test's temporary directory is shown by the name that it has by default. */
async function shot(
  page: Page,
  name: string,
  { atFoot = false, directory }: { readonly atFoot?: boolean; readonly directory?: string } = {},
) {
  if (SCREENSHOTS === undefined) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  if (directory !== undefined)
    await page.evaluate(`{
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll(${JSON.stringify(directory)}, 'data');
    }`);
  await page.evaluate(`scrollTo(0, ${atFoot ? 'document.body.scrollHeight' : '0'})`);
  await page.screenshot({ path: `${SCREENSHOTS}/rehearsal-${name}.png` });
}

describe.skipIf(path === undefined)('an operator who has the pages alone', () => {
  const { show } = consolePages(path);
  const shell = new CliWorkspace();
  afterAll(() => shell.dispose());

  it('finds a partition that is stuck, and does what the page says', async () => {
    const embedded = await embeddedService({ partitions: 2 });
    await embedded.produce('tip.served', ...USERS.map((user) => served(user, 't1', NOW - HOUR / 2)));
    await embedded.catchUp();
    const stuck = embedded.partitionOf('ana');
    await embedded.stop();
    await writeFile(embedded.statePath(stuck), 'what a failing disk left of the file');
    await embedded.start();
    const { page, address, leave } = await show(embedded.service, '/?refresh=1', SIZE);
    await eventually(() => verdict(page)).toBe('One thing is wrong.');
    const trouble = page.locator('.troubles li').first();
    expect(await trouble.innerText()).toContain(`Partition ${stuck} stopped (state_corrupt): state file ${embedded.statePath(stuck)}`);
    const [toStop, toRun, ...others] = await trouble.locator('.hint code').allInnerTexts();
    expect([toStop, others]).toEqual(['tipstream start', []]);
    expect(await trouble.innerText()).toContain(`Stop ${toStop} and run ${toRun}`);
    await shot(page, 'stuck-partition', { directory: embedded.directory });

    await leave();
    await embedded.stop();
    await eventually(() => page.getByRole('status').first().innerText()).not.toBe('Not ready');
    const [program, ...argv] = toRun!.split(' ');
    expect(program).toBe('tipstream');
    const { code, stderr } = await shell.run(argv, { env: { TIPSTREAM_DATA: embedded.directory } });
    expect(code, stderr).toBe(0);
    await embedded.start();
    const again = await startHttp(embedded.service, { host: '127.0.0.1', port: Number(new URL(address).port), closeGraceMs: 100 });
    onTestFinished(() => again.close());
    await eventually(() => verdict(page)).toBe('All is well.');
    for (const user of USERS) expect((await embedded.service.profile(user)).features['tip_volume_30d']).toBe(1);
  });

  it('finds a record that was refused, corrects it, and sees the profile change', async () => {
    const embedded = await embeddedService({ partitions: 2 });
    await embedded.produce('tip.served', served('ana', 't1', NOW - HOUR), { user_id: 'ana', tip_id: 't2', served_at: NOW - HOUR });
    await embedded.catchUp();
    const { page } = await show(embedded.service, '/?refresh=1', SIZE);
    const rejected = page.locator('.tiles div', { hasText: 'Rejected' });
    await eventually(() => rejected.innerText()).toMatch(/^Rejected\s+1$/);
    await follow(rejected, '1');
    await eventually(() => rowsOf(card(page, 'By reason and source')).then((rows) => rows[0])).toMatch(
      /^invalid_event \| tip\.served \| 1 \|/,
    );
    await follow(card(page, 'Records'), /^tip\.served-dlt\/\d\/0$/);
    await eventually(() => card(page, 'Why').innerText()).toContain('served_at_ms: is missing');
    const redrive = card(page, 'Redrive');
    await redrive.getByRole('button', { name: 'Correct the value first' }).click();
    const value = redrive.getByLabel('Value to send instead');
    await value.fill((await value.inputValue()).replace('"served_at"', '"served_at_ms"'));
    await redrive.getByRole('button', { name: 'Check what it would do' }).click();
    const changes = redrive.getByRole('region', { name: 'Profiles that would change' });
    await eventually(() => rowsOf(changes)).toContain('ana | tip_volume_30d | 1 | 2');
    await shot(page, 'poison-record', { atFoot: true });
    await redrive.getByRole('button', { name: 'Put 1 record back' }).click();
    await eventually(() => redrive.getByRole('status').innerText()).toBe('1 record was put back.');
    await follow(redrive.getByRole('region', { name: 'Records that were put back' }), /^tip\.served\/\d\/2$/);
    await follow(card(page, 'What it did'), 'ana');
    await eventually(() => rowsOf(card(page, 'Profile')).then((rows) => rows.join('\n'))).toMatch(/tip_volume_30d \| 2 \|/);
  });

  it('finds a producer that is late, which one, and that its events count where they belong', async () => {
    const embedded = await embeddedService({ partitions: 2 });
    const now = Date.now();
    const done = { user_id: 'ana', tip_id: 't1', action: 'done', reacted_at_ms: now - 5 * HOUR };
    const prompt = { user_id: 'bo', tip_id: 't2', action: 'done', reacted_at_ms: now - 7 * HOUR };
    await embedded.append(
      recordOf('tip.served', served('ana', 't1', now - 8 * HOUR), { timestampMs: now - 8 * HOUR + 40 }),
      recordOf('tip.served', served('bo', 't2', now - 8 * HOUR), { timestampMs: now - 8 * HOUR + 60 }),
      recordOf('tip.feedback', prompt, { timestampMs: now - 7 * HOUR + 90 }),
      recordOf('tip.feedback', done, { headers: [['producer', Buffer.from('phones-offline-sync')]] }),
    );
    await embedded.catchUp();
    const { page } = await show(embedded.service, '/?refresh=1&time=utc', SIZE);
    await eventually(() => verdict(page)).toBe('One thing to watch.');
    const troubles = page.locator('.troubles');
    await eventually(() => troubles.innerText()).toMatch(
      /^A producer of tip\.feedback is late: 1 of the newest 2 events came over 1 h late, the latest by 5 h, on partition \d\./,
    );
    await shot(page, 'late-producer-home');
    await follow(troubles, 'Lateness by topic');
    const lateness = card(page, 'Lateness');
    await eventually(() => rowsOf(lateness).then((rows) => rows.map((row) => row.split(' | ').slice(0, 3).join(' | ')))).toEqual([
      'tip.served | 2 | 0',
      'tip.feedback | 2 | 1',
      'tip.candidates | 0 | –',
    ]);
    expect((await rowsOf(lateness))[1]).toMatch(/ \| 90 ms \| 5 h \| 5 h \| tip\.feedback\/\d\/\d \| 0 \| 0 \| /);
    await shot(page, 'late-producer', { atFoot: true });
    await follow(lateness.getByRole('row').filter({ hasText: 'tip.feedback' }), /^tip\.feedback\/\d\/\d$/);
    await eventually(() => rowsOf(card(page, 'Headers'))).toEqual(['producer | phones-offline-sync']);
    const timeIn = (within: Locator) =>
      within
        .locator('time')
        .first()
        .getAttribute('datetime')
        .then((iso) => Date.parse(iso!));
    expect(await timeIn(card(page, 'What it did'))).toBe(done.reacted_at_ms);
    expect((await timeIn(card(page, 'Record'))) - done.reacted_at_ms).toBeGreaterThanOrEqual(5 * HOUR);
    await follow(card(page, 'What it did'), 'ana');
    const completionAsOf = async (atMs: number, expected: RegExp) => {
      await page.getByLabel('As of').fill(new Date(atMs).toISOString());
      await page.getByLabel('As of').press('Enter');
      await eventually(() => rowsOf(card(page, 'Profile')).then((rows) => rows.join('\n'))).toMatch(expected);
    };
    // As of a time at which it had happened and not come, and of one at which it had not happened.
    await completionAsOf(done.reacted_at_ms + HOUR, /completion_rate_30d \| 1 \|/);
    await completionAsOf(done.reacted_at_ms - HOUR, /completion_rate_30d \| 0 \|/);
  });

  it('finds a wrong profile, and puts it right', async () => {
    const embedded = await embeddedService({ partitions: 2 });
    await embedded.produce('tip.served', served('ana', 't1', NOW - HOUR));
    await embedded.catchUp();
    const uid = `(SELECT uid FROM user WHERE user_id = 'ana')`;
    plant(embedded, 'ana', `INSERT INTO tip (uid, tip_id, served_at_ms, linked) SELECT ${uid}, 'invented', ${NOW - HOUR}, 0`);
    plant(embedded, 'ana', `UPDATE user SET exact_after_ms = 0, exact_until_ms = 1 WHERE uid = ${uid}`);
    const { page } = await show(embedded.service, '/?refresh=1', SIZE);
    await follow(page, 'Users');
    await page.getByLabel('User id').fill('ana');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    const profile = () => rowsOf(card(page, 'Profile')).then((rows) => rows.join('\n'));
    await eventually(profile).toMatch(/tip_volume_30d \| 2 \|/);
    const behind = card(page, 'Events behind the profile');
    await eventually(() => rowsOf(behind).then((rows) => rows.join('\n'))).toContain(
      '| served | invented | not found in what was looked at |',
    );
    expect(await behind.locator('.notice').innerText()).toContain('check it against the log below');
    const rebuild = card(page, 'Rebuild');
    await rebuild.getByRole('button', { name: 'Check against the log' }).click();
    await eventually(() => rowsOf(rebuild)).toContain('tip_volume_30d | 2 | 1');
    await shot(page, 'wrong-profile', { atFoot: true });
    await rebuild.getByRole('button', { name: 'Put it right' }).click();
    await eventually(() => rebuild.getByRole('status').innerText()).toBe('Put right, from 1 event in the log.');
    await eventually(profile).toMatch(/tip_volume_30d \| 1 \|/);
  });
});
