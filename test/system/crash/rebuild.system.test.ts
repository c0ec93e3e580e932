/**
 * SIGKILL while a generation is rebuilt beside the live one, and while it takes its place where nobody runs on the directory:
 * docs/semantics.md, "What a crash leaves".
 */
import { describe, expect, it } from 'vitest';
import { crashesOf } from '../../support/crash/matrix.js';
import { CrashWorld } from '../../support/crash/world.js';

describe('`rebuild` killed', () => {
  it.concurrent.for(crashesOf('rebuild'))('at %s, passing %i', async ([point, passing], { onTestFinished }) => {
    const world = await CrashWorld.open(passing);
    onTestFinished(() => world.close());
    await world.restarts();
    await world.append(200); // more than the live state has applied
    const before = world.generation();
    await world.dies(point, passing, { action: 'rebuild' });

    // One whole generation is live: the new one only after the flip.
    const flipped = point === 'swap: after flip';
    expect(world.generation() === before).toBe(!flipped);
    await world.expectWhole();
    // At the first passing the service goes on before the rebuild does, on whichever is live; else the rebuild goes on at once.
    if (passing === 1) {
      await world.append(100);
      await world.restarts();
      await world.expectRight();
      await world.append(50);
    }
    const again = await world.rebuild();
    expect(again).toMatchObject({ swapped: true, refused: null, changed_users: 0, resumed: !flipped, incomplete: [] });
    await world.expectWhole();
    await world.restarts();
    await world.expectRight();
  });
});
