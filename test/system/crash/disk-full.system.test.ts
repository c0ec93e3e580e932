/**
 * A disk that really is full, a small tmpfs, under a rebuild and a snapshot beside the live state; under the state and the log it is in
 * test/system/disk-full.service.test.ts. Only root can mount one: elsewhere than in CI it is left out, loudly.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeSnapshot } from '../../../src/export/take-snapshot.js';
import { defaultRegistry } from '../../../src/projections/registry.js';
import { CRASH_CLOCK_MS, CrashWorld } from '../../support/crash/world.js';
import { TRAFFIC_AS_OF_MS } from '../../support/embedded/traffic.js';
import { stateIn } from '../../support/state-in.js';

const KIB = 1_024;
const mountPoint = mkdtempSync(join(tmpdir(), 'tipstream-full-'));
const resize = (bytes: number, remount = true) =>
  spawnSync('mount', [...(remount ? ['-o', `remount,size=${bytes}`] : ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs']), mountPoint], {
    encoding: 'utf8',
  });
const mounted = resize(64 * KIB * KIB, false);
const canMount = mounted.status === 0;
if (!canMount) console.warn(`LEFT OUT: a full disk, because a tmpfs cannot be mounted here: ${mounted.stderr || String(mounted.error)}`);

/** Leaves so much room. */
async function spare(bytes: number): Promise<void> {
  const { bsize, blocks, bavail } = await statfs(mountPoint);
  expect(resize((blocks - bavail) * bsize + bytes).status).toBe(0);
}

/** Works with no space at all, then with some more each time, until it succeeds; `afterwards` says what must hold whenever it could not. */
async function withMoreAndMore<T>(
  stepKib: number,
  work: () => Promise<T>,
  afterwards: () => void | Promise<void>,
): Promise<{ done: T; refused: number }> {
  for (let refused = 0; ; refused++) {
    await spare(refused * stepKib * KIB);
    const outcome = await work().then(
      (done) => ({ done }),
      (error: unknown) => ({ error }),
    );
    resize(64 * KIB * KIB);
    if ('done' in outcome) return { ...outcome, refused };
    expect(outcome.error, `with ${refused * stepKib} KiB`).toMatchObject({
      code: expect.stringMatching(/^(disk_full|output_failed)$/) as string,
    });
    await afterwards();
  }
}

afterAll(() => {
  if (canMount) spawnSync('umount', [mountPoint]);
  rmSync(mountPoint, { recursive: true, force: true });
});

describe.skipIf(!canMount && !process.env.CI)('a full disk', () => {
  beforeAll(() => expect(canMount, mounted.stderr).toBe(true));

  it('ends a rebuild and a snapshot wherever it is met, with nothing put in place; with space again both go on to the end', async () => {
    const world = await CrashWorld.open(9, 900, join(mountPoint, 'data'));
    try {
      await world.restarts();
      await world.append(200);
      await spare(0);
      expect(() => world.embedded.digest(TRAFFIC_AS_OF_MS), 'even reading needs some pages').toThrow(
        expect.objectContaining({ code: 'disk_full' }) as Error,
      );
      resize(64 * KIB * KIB);
      const before = world.generation();
      const rebuilds = await withMoreAndMore(
        100,
        () => world.rebuild(),
        async () => {
          expect(world.generation()).toBe(before);
          await world.expectWhole();
        },
      );
      expect(rebuilds.refused).toBeGreaterThan(2);
      expect(rebuilds.done).toMatchObject({ swapped: true, resumed: true, changed_users: 0 });
      expect(world.generation()).not.toBe(before);

      const path = join(mountPoint, 'out.db');
      const snapshots = await withMoreAndMore(
        30, // less than the index of a write-ahead log takes
        () =>
          takeSnapshot({
            state: stateIn(world.embedded.directory),
            registry: defaultRegistry,
            path,
            replace: false,
            asOfMs: TRAFFIC_AS_OF_MS,
            nowMs: CRASH_CLOCK_MS,
          }),
        () => {
          expect(readdirSync(mountPoint)).toEqual(['data']);
          const scratch = join(world.embedded.directory, 'scratch');
          expect(existsSync(scratch) ? readdirSync(scratch) : []).toEqual([]);
        },
      );
      expect(snapshots.refused).toBeGreaterThan(2);
      expect(existsSync(path)).toBe(true);
      await world.expectWhole();
      await world.restarts();
      await world.expectRight();
    } finally {
      await world.close();
    }
  });
});
