/**
 * SIGKILL at every step of a batch, of publishing and of committing offsets, on the embedded log, with sessions and signals beside tips:
 * docs/semantics.md, "What a crash leaves".
 */
import { describe, expect, it } from 'vitest';
import { CrashWorld } from '../../support/crash/world.js';
import { crashesOf } from '../../support/crash/matrix.js';

describe('`start` killed', () => {
  it.concurrent.for(crashesOf('start'))('at %s, passing %i', async ([point, passing], { onTestFinished }) => {
    const world = await CrashWorld.open(passing, 900, undefined, { rows: true });
    onTestFinished(() => world.close());
    await world.dies(point, passing);
    await world.expectWhole();
    await world.append(100);
    await world.restarts();
    await world.expectRight();
  });

  it.concurrent('again and again, and at what the killed one had left to do', async ({ onTestFinished }) => {
    const world = await CrashWorld.open(1_001, 900, undefined, { rows: true });
    onTestFinished(() => world.close());
    for (const [point, passing] of [
      ['batch: after commit', 3],
      ['publish: before', 1],
      ['publish: after', 1],
      ['batch: before commit', 6],
      ['publish: under way', 2],
      ['publish: after', 3],
      ['batch: tips written', 2],
    ] as const) {
      await world.dies(point, passing);
      await world.expectWhole();
      await world.append(60);
    }
    await world.restarts();
    await world.expectRight();
  });

  it.concurrent('while it restores what it had decided, without a state folder: nothing is decided twice', async ({ onTestFinished }) => {
    const world = await CrashWorld.open(1_002, 900, undefined, { rows: true });
    onTestFinished(() => world.close());
    await world.restarts();
    const scored = await world.embedded.records('tip.scored');
    await world.embedded.deleteState();
    for (const [point, passing] of [
      ['batch: after commit', 2],
      ['batch: record folded', 300],
      ['batch: users written', 3],
    ] as const) {
      await world.dies(point, passing);
      await world.expectWhole();
    }
    await world.restarts();
    await world.expectRight({ refusedAgain: true });
    expect(await world.embedded.records('tip.scored')).toEqual(scored);
  });
});
