/**
 * SIGKILL of the process that owns the directory while it goes over to a rebuilt generation; the rebuild that asked it lives on.
 * docs/semantics.md, "What a crash leaves".
 */
import { describe, expect, it } from 'vitest';
import type { RebuildDocument } from '../../../src/rebuild/rebuild.js';
import { crashesOf } from '../../support/crash/matrix.js';
import { CrashWorld } from '../../support/crash/world.js';

describe('the owner killed', () => {
  it.concurrent.for(crashesOf('swap'))('at %s, passing %i', async ([point, passing], { onTestFinished }) => {
    const world = await CrashWorld.open(passing);
    onTestFinished(() => world.close());
    await world.restarts();
    const before = world.generation();
    let rebuilt: Promise<RebuildDocument> | undefined;
    await world.dies(point, passing, { action: 'swap' }, (line) => {
      if (line !== 'runs') return;
      rebuilt = world.append(150).then(() => world.rebuild());
      rebuilt.catch(() => undefined); // awaited below
    });

    // The rebuild finds that the owner is gone: either it had gone over already, or the rebuild swaps itself.
    const document = await rebuilt!;
    expect(document).toMatchObject({ swapped: true, refused: null });
    if (document.compared_elsewhere.length === 0) expect(document.changed_users).toBe(0); // else the owner had already gone on
    expect(world.generation()).not.toBe(before);
    await world.expectWhole();
    await world.append(100);
    await world.restarts();
    await world.expectRight();
    expect(await world.rebuild()).toMatchObject({ swapped: true, changed_users: 0 });
    await world.restarts();
    await world.expectRight();
  });
});
