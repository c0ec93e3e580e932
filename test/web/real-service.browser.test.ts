/** The pages on a real service: a log that goes away and comes back, a partition that stops, a profile that is wrong and is put right. */
import { describe, expect, it } from 'vitest';
import { chromiumOrSkip } from '../support/chromium.js';
import { card, consolePages, eventually, rowsOf } from '../support/console-page.js';
import { embeddedService } from '../support/embedded/directory.js';
import { traffic, TRAFFIC_AS_OF_MS } from '../support/embedded/traffic.js';
import { plant } from '../support/planted-state.js';

const path = chromiumOrSkip('the pages on a real service');
const USER = 'user-7';

describe.skipIf(path === undefined)('the pages on a real service', () => {
  const { show } = consolePages(path);

  it('say that the log is away, that lag is as of then, and that all is well again', async () => {
    const embedded = await embeddedService({ partitions: 2, logTimeoutMs: 200 });
    await embedded.produce('tip.served', { user_id: 'ana', tip_id: 't', served_at_ms: Date.now() });
    await embedded.catchUp();
    const { page } = await show(embedded.service, '/?refresh=1');
    await eventually(() => page.locator('.verdict strong').innerText()).toBe('All is well.');
    const answerAgain = embedded.faults.refuse();
    await eventually(() => page.locator('.troubles li').first().innerText()).toMatch(
      /^The log has not answered for \d+(\.\d+)? s: lag is as of then\. Look at the disk of the data directory\.$/,
    );
    expect(await page.getByRole('status').first().innerText()).toContain('Not ready');
    answerAgain();
    await eventually(() => page.locator('.verdict strong').innerText()).toBe('All is well.');
    expect(await page.getByRole('status').first().innerText()).toBe('Ready');
  });

  it('say which partition stopped, and lead to its lag', async () => {
    let breaks = false;
    const embedded = await embeddedService({
      partitions: 2,
      workerClock: () => {
        if (breaks) throw new Error('the clock of this machine is broken');
        return Date.now();
      },
    });
    await embedded.catchUp();
    const { page } = await show(embedded.service, '/?refresh=1');
    await eventually(() => page.locator('.verdict strong').innerText()).toBe('All is well.');
    breaks = true;
    await embedded.produce('tip.served', { user_id: 'ana', tip_id: 't', served_at_ms: Date.now() });
    const partition = embedded.partitionOf('ana');
    await eventually(() => page.locator('.troubles li').first().innerText()).toContain(`Partition ${partition} stopped`);
    await page.getByRole('link', { name: `Lag of partition ${partition}` }).click();
    await eventually(() => rowsOf(card(page, 'Partitions of topics')).then((rows) => rows.join('\n'))).toMatch(
      new RegExp(`^\\S+ \\| ${partition} \\| stop \\| `),
    );
  });

  it('find a wrong profile, show what differs, and put it right', async () => {
    const embedded = await embeddedService({ partitions: 2, clock: () => TRAFFIC_AS_OF_MS });
    await embedded.append(...traffic(5).next(1_200));
    await embedded.catchUp();
    const truth = await embedded.service.profile(USER);
    const uid = `(SELECT uid FROM user WHERE user_id = '${USER}')`;
    plant(embedded, USER, `INSERT INTO tip (uid, tip_id, served_at_ms, linked) SELECT ${uid}, 'invented', ${TRAFFIC_AS_OF_MS - 1_000}, 0`);
    plant(embedded, USER, `UPDATE user SET exact_after_ms = 0, exact_until_ms = 1 WHERE uid = ${uid}`);
    const wrong = await embedded.service.profile(USER);
    expect(wrong.features).not.toEqual(truth.features);

    const { page } = await show(embedded.service, `/admin/users/${USER}?refresh=1`);
    const rebuild = card(page, 'Rebuild');
    await rebuild.getByRole('button', { name: 'Check against the log' }).click();
    const volume = `tip_volume_30d | ${wrong.features['tip_volume_30d']} | ${truth.features['tip_volume_30d']}`;
    await eventually(() => rowsOf(rebuild)).toContain(volume);
    expect((await embedded.service.profile(USER)).features).toEqual(wrong.features);
    await rebuild.getByRole('button', { name: 'Put it right' }).click();
    await eventually(() => rebuild.getByRole('status').innerText()).toMatch(/^Put right, from \d+ events in the log\.$/);
    expect((await embedded.service.profile(USER)).features).toEqual(truth.features);
    await eventually(() => rowsOf(card(page, 'Profile')).then((rows) => rows.at(-1))).toContain(
      `tip_volume_30d | ${truth.features['tip_volume_30d']} |`,
    );
  });
});
