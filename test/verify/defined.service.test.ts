/** Features that a file defines, from a log of events to state, and `verify` of it: a right state is proven, a wrong one is found. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../src/events/feature-choice.js';
import { registryOf } from '../../src/projections/registry.js';
import { PartitionReader } from '../../src/store/queries/partition-reader.js';
import { naiveDefined } from '../../src/verify/defined/naive-defined.js';
import { newDirectory } from '../support/embedded/directory.js';
import { EmbeddedService } from '../support/embedded/service.js';
import { definition, eventOf } from '../support/definition-arbitrary.js';
import { findDifference, plant, verified } from '../support/planted-state.js';
import { WINDOW } from '../support/tip-generators.js';

const NOW_MS = 3 * WINDOW + 86_400_000;
const SEED = 20_261_130;

/** One of each shape over tips at least. */
const definitions: readonly Definition[] = fc
  .sample(definition, { numRuns: 60, seed: SEED })
  .filter(({ topic }) => topic === 'tip.served' || topic === 'tip.feedback')
  .map((one, i) => ({ ...one, name: `${one.shape}_${i}` }));
const registry = registryOf({ sets: ['core'], definitions });
const events = fc
  .sample(fc.oneof(...(['tip.served', 'tip.feedback'] as const).map((topic) => eventOf(topic).map((value) => ({ topic, value })))), {
    numRuns: 400,
    seed: SEED,
  })
  .filter(({ value }) => ((value.served_at_ms ?? value.reacted_at_ms) as number) < NOW_MS);

describe('features that a file defines', () => {
  let embedded: EmbeddedService;
  beforeAll(async () => {
    embedded = await EmbeddedService.open(newDirectory(), { partitions: 2, clock: () => NOW_MS, registry });
    for (let at = 0; at < events.length; at += 90) {
      for (const { topic, value } of events.slice(at, at + 90)) await embedded.produce(topic, value);
      await embedded.catchUp();
    }
    await embedded.stop();
  });
  afterAll(() => embedded.close());

  it('are of every shape', () => {
    expect(new Set(definitions.map(({ shape }) => shape)).size).toBe(7);
  });

  it.each([NOW_MS, 3 * WINDOW + 1, 3 * WINDOW, 2 * WINDOW + 5, 4 * WINDOW + 1])('are proven as of %d', async (asOfMs) => {
    const document = await verified(embedded, { asOfMs });
    expect(document.differences).toEqual([]);
    expect(document).toMatchObject({ equal: true, unproven_features: [], unproven_count: 0 });
  });

  it('are what their definitions say, for each user', async () => {
    for (const user of ['a', 'b']) {
      const reader = new PartitionReader(embedded.statePath(embedded.partitionOf(user)), registry);
      const { features } = reader.profile(user, NOW_MS)!;
      reader.close();
      for (const one of definitions) {
        const mine = events.filter(({ topic, value }) => topic === one.topic && value.user_id === user).map(({ value }) => value);
        expect(features[one.name], one.name).toBe(naiveDefined(one, mine, NOW_MS));
      }
    }
  });

  it('are found wrong when the state is', async () => {
    const count = definitions.find(({ shape, topic, windowMs }) => shape === 'count' && topic === 'tip.served' && windowMs > 1)!;
    const planted = plant(
      embedded,
      'a',
      `UPDATE row_aggregate SET counters = json_insert(counters, '$[#]', ?, '$[#]', 77), exact_after_ms = -1, exact_until_ms = 1e15
       WHERE kind = 'tip_served' AND uid = (SELECT uid FROM user WHERE user_id = 'a')`,
      `file_${count.name}`,
    );
    expect(planted).toBe(1);
    const document = await verified(embedded, { asOfMs: NOW_MS });
    expect(document.equal).toBe(false);
    expect(findDifference(document, 'profile', count.name)).toMatchObject({ user_id: 'a', live: 77 });
  });
});
