/** Forgetting beside a rebuild and a redrive: neither keeps what was forgotten, nor puts it back. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { FaultPoint } from '../../../src/fault-points.js';
import { lockData } from '../../../src/store/directory/data-lock.js';
import { lockRebuild } from '../../../src/store/directory/rebuild-lock.js';
import { lockRedrive } from '../../../src/store/directory/redrive-lock.js';
import { embeddedService } from '../../support/embedded/directory.js';
import { recordOf, type EmbeddedOptions, type EmbeddedService } from '../../support/embedded/service.js';
import { forgottenBy } from '../../support/forgotten-by.js';
import { named, verified } from '../../support/planted-state.js';
import { rebuilt } from '../../support/rebuilds.js';

const USER = 'beside-others';
const NOW_MS = Date.UTC(2026, 10, 20);
const served = (user_id: string, tip_id: string) => recordOf('tip.served', { user_id, tip_id, served_at_ms: NOW_MS - 10 });
const bad = (user: string) => ({ topic: 'tip.feedback', key: Buffer.from(user), value: Buffer.from('not json') });

it('is refused while a rebuild runs, by its own process or another one, and changes nothing then', async () => {
  const embedded = await lived();
  const lock = lockRebuild(embedded.directory);
  await expect(embedded.service.forgetUser(USER, { dryRun: false })).rejects.toMatchObject({ code: 'data_in_use' });
  expect((await forgottenBy(embedded.service, USER, { dryRun: true })).result).toMatchObject({ found: true });
  lock.release();
  const rebuilding = rebuilt(embedded);
  await expect(embedded.service.forgetUser(USER, { dryRun: false })).rejects.toMatchObject({ code: 'data_in_use' });
  expect((await rebuilding).swapped).toBe(true);
  expect((await embedded.service.profile(USER)).features['tip_volume_30d']).toBe(1);
  expect(await embedded.records('user.forgotten')).toEqual([]);
  await isForgotten(embedded);
});

it.each<FaultPoint>(['forget: held', 'forget: applied', 'forget: log rewritten'])('at %s no rebuild begins', async (point) => {
  const met: unknown[] = [];
  const embedded = await lived({
    at: (passed) => {
      if (passed !== point) return;
      for (const lock of [lockRebuild, lockRedrive])
        try {
          lock(embedded.directory)!.release();
        } catch (error) {
          met.push(error);
        }
    },
  });
  await isForgotten(embedded);
  const inUse = { code: 'data_in_use', message: expect.stringContaining('or a user is being forgotten') as string };
  expect(met).toMatchObject([inUse, inUse]);
  expect((await rebuilt(embedded)).swapped).toBe(true);
  expect(filesWith(embedded.directory, USER)).toEqual([]);
});

it('a rebuild of the user that began before and ends after leaves nothing of them', async () => {
  const embedded = await lived();
  const job = await embedded.service.rebuildUser(USER, { dryRun: false });
  await isForgotten(embedded);
  await expect.poll(() => embedded.service.rebuildJob(job.job_id).state).not.toBe('running');
  await expect(embedded.service.profile(USER)).rejects.toMatchObject({ code: 'user_not_found' });
  expect(named(await verified(embedded, { asOfMs: NOW_MS }))).toEqual([]);
});

it('is refused while dead letters are redriven, and takes the letters of the user with it after that', async () => {
  const embedded = await lived({}, ...Array.from({ length: 8 }, () => bad(USER)), bad('otto'));
  const job = embedded.service.redrive({ dry_run: false, rate: 1 }, []);
  await expect.poll(() => embedded.service.redriveJob(job.job_id).redriven).toBeGreaterThan(0);
  await expect(embedded.service.forgetUser(USER, { dryRun: false })).rejects.toMatchObject({ code: 'data_in_use' });
  embedded.service.stopRedrive(job.job_id);
  await expect.poll(() => embedded.service.redriveJob(job.job_id).state).toBe('stopped');
  await embedded.service.caughtUp();
  await isForgotten(embedded);
  const again = embedded.service.redrive({ dry_run: false }, []);
  await expect.poll(() => embedded.service.redriveJob(again.job_id)).toMatchObject({ state: 'done', result: { matching: 1 } });
  expect(filesWith(embedded.directory, USER)).toEqual([]);
});

async function isForgotten(embedded: EmbeddedService): Promise<void> {
  const { result, error } = await forgottenBy(embedded.service, USER);
  expect([error, result?.found, result?.receipt?.remains.files]).toEqual([undefined, true, []]);
  expect(filesWith(embedded.directory, USER)).toEqual([]);
  expect(named(await verified(embedded, { asOfMs: NOW_MS }))).toEqual([]);
}

async function lived(options: EmbeddedOptions = {}, ...more: readonly ReturnType<typeof served>[]): Promise<EmbeddedService> {
  const embedded = await embeddedService({ clock: () => NOW_MS, partitions: 1, ...options });
  const lock = lockData(embedded.directory, NOW_MS); // a rebuild asks this process to swap
  onTestFinished(() => lock.release());
  await embedded.append(served(USER, 't1'), served('otto', 't2'), ...more);
  await embedded.start();
  await embedded.catchUp();
  return embedded;
}

function filesWith(directory: string, text: string): string[] {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name)).filter((path) => readFileSync(path).includes(text));
}
