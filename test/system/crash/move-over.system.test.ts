/**
 * SIGKILL while the state moves over to other feature definitions, from the tips that are kept: docs/semantics.md, "What a crash
 * leaves".
 */
import { describe, expect, it } from 'vitest';
import { oracleDigest } from '../../oracle/profile.js';
import { crashesOf } from '../../support/crash/matrix.js';
import { CrashWorld, EARLIER_MS } from '../../support/crash/world.js';
import { profileEvents } from '../../support/embedded/history.js';
import { TRAFFIC_AS_OF_MS } from '../../support/embedded/traffic.js';
import { everything, oracleOf } from '../../support/other-definitions.js';
import { digestDocument, openReaders } from '../../../src/store/queries/profiles.js';
import { stateIn } from '../../support/state-in.js';

async function expectMoved(world: CrashWorld): Promise<void> {
  const history = await world.history();
  const readers = openReaders(stateIn(world.embedded.directory), everything);
  try {
    for (const asOfMs of [TRAFFIC_AS_OF_MS, EARLIER_MS]) {
      expect(digestDocument(readers, asOfMs, everything.featureSet).digest).toBe(
        oracleDigest(oracleOf(everything, profileEvents(history), asOfMs)),
      );
    }
  } finally {
    for (const reader of readers.values()) reader.close();
  }
}

describe('`rebuild` under changed definitions killed', () => {
  it.concurrent.for(crashesOf('move-over'))('at %s, passing %i', async ([point, passing], { onTestFinished }) => {
    const world = await CrashWorld.open(passing);
    onTestFinished(() => world.close());
    await world.restarts();
    const before = world.generation();
    await world.dies(point, passing, { action: 'move-over' });

    // The live state is as it was, under the previous definitions, and can go on.
    expect(world.generation()).toBe(before);
    await world.expectWhole();
    if (passing === 1) {
      await world.append(150);
      await world.restarts();
      await world.expectRight();
    }
    const again = await world.rebuild(everything);
    expect(again).toMatchObject({ swapped: true, refused: null, resumed: true });
    expect(again.sources.map(({ source }) => source)).toEqual(['tips', 'tips']);
    await expectMoved(world);
    await world.append(100);
    await world.restarts({ registry: everything });
    await expectMoved(world);
  });
});
