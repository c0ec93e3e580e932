/**
 * A disk that really is full, under the whole process: a small tmpfs, which only root can mount. Elsewhere than in CI it is left out,
 * loudly.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedDirectory } from '../support/embedded/process.js';
import { traffic } from '../support/embedded/traffic.js';

const mountPoint = mkdtempSync(join(tmpdir(), 'tipstream-full-'));
const KIB = 1_024;
const resize = (bytes: number, remount = true) =>
  spawnSync('mount', [...(remount ? ['-o', `remount,size=${bytes}`] : ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs']), mountPoint], {
    encoding: 'utf8',
  });

const mounted = resize(64 * KIB * KIB, false);
const canMount = mounted.status === 0;
if (!canMount) console.warn(`LEFT OUT: a full disk, because a tmpfs cannot be mounted here: ${mounted.stderr || String(mounted.error)}`);

afterAll(() => {
  if (canMount) spawnSync('umount', [mountPoint]);
  rmSync(mountPoint, { recursive: true, force: true });
});

describe.skipIf(!canMount && !process.env.CI)('a full disk', () => {
  beforeAll(() => expect(canMount, mounted.stderr).toBe(true));

  it('stops what cannot be written, whenever it happens, says so, and loses nothing', async () => {
    const directory = await EmbeddedDirectory.open(mountPoint);
    try {
      await directory.log.append(traffic(11).next(3_000));
      for (const spareKib of [8, 200, 900, 1_600]) {
        const { bsize, blocks, bavail } = await statfs(mountPoint);
        expect(resize((blocks - bavail) * bsize + spareKib * KIB).status).toBe(0);
        const { code, stderr } = await directory.start('--until-caught-up', '--max-batch-records', '500').ended;
        expect(code, `with ${spareKib} KiB: ${stderr}`).toBe(1);
        expect(stderr).toMatch(/\[(disk_full)\]/);
        expect(stderr).toMatch(/free space/i);
      }
      resize(64 * KIB * KIB);
      await directory.catchUp();
      await directory.expectOracleDigest();
      await directory.expectAnswered();
    } finally {
      await directory.close();
    }
  });
});
