/**
 * SIGKILL of a rebuild that has asked the owner of the directory to go over to its generation; the owner lives on. docs/semantics.md,
 * "What a crash leaves".
 */
import { describe, expect, it } from 'vitest';
import { lockData } from '../../../src/store/directory/data-lock.js';
import { crashesOf } from '../../support/crash/matrix.js';
import { CRASH_CLOCK_MS, CrashWorld } from '../../support/crash/world.js';

describe('a rebuild killed while it asks the owner', () => {
  it.for(crashesOf('ask'))('at %s, passing %i', async ([point, passing], { onTestFinished }) => {
    const world = await CrashWorld.open(passing);
    onTestFinished(() => world.close());
    const lock = lockData(world.embedded.directory, CRASH_CLOCK_MS);
    await world.embedded.catchUp();
    await world.dies(point, passing, { action: 'ask' });

    // It may yet go over, because the generation is whole, or let it be; it goes on, and so does the next rebuild.
    await world.append(100);
    await world.embedded.catchUp();
    expect(world.embedded.service.status().ready).toBe(true);
    const before = world.generation();
    expect(await world.childRebuilds()).toMatchObject({ swapped: true, refused: null });
    expect(world.generation()).not.toBe(before);
    await world.append(100);
    await world.embedded.catchUp();
    await world.embedded.stop();
    lock.release();
    await world.expectWhole();
    await world.restarts();
    await world.expectRight();
  });
});
