/**
 * `verify` judges what its calculator was written for; features that were added, changed or removed since are named, and never called
 * wrong for that.
 */
import { describe, expect, it } from 'vitest';
import { NAIVE_DEFINITIONS } from '../../src/verify/naive-profile.js';
import { registryOf, type Registry } from '../../src/projections/registry.js';
import { FEATURE_SETS } from '../../src/topics.js';
import { embeddedService } from '../support/embedded/directory.js';
import type { EmbeddedService } from '../support/embedded/service.js';
import { traffic, TRAFFIC_AS_OF_MS } from '../support/embedded/traffic.js';
import { added, everything, otherSql, otherWindow, removed } from '../support/other-definitions.js';
import { findDifference, plant, verified } from '../support/planted-state.js';

async function folded(registry: Registry): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 1, clock: () => TRAFFIC_AS_OF_MS, registry });
  await embedded.append(...traffic(5).next(400));
  await embedded.catchUp();
  await embedded.stop();
  return embedded;
}

describe('verify under other definitions', () => {
  it.each<[string, Registry, string[]]>([
    ['a feature more', added, ['snoozed_7d']],
    ['another window', otherWindow, ['mean_dwell_ms_30d']],
    ['another meaning', otherSql, ['tip_volume_30d']],
    ['one less', removed, []],
    ['all of that', everything, ['mean_dwell_ms_30d', 'snoozed_7d', 'tip_volume_30d']],
  ])('with %s finds a right state right, and says what it does not judge', async (_, registry, unproven) => {
    const embedded = await folded(registry);
    expect(await verified(embedded, { asOfMs: TRAFFIC_AS_OF_MS })).toMatchObject({
      equal: true,
      difference_count: 0,
      unproven_features: unproven,
    });
  });

  it('still finds a wrong count of a feature that it judges, and one that no feature counts', async () => {
    for (const count of ['done_weekday:3', 'done_hour:77']) {
      const embedded = await folded(everything);
      const planted = plant(
        embedded,
        'user-1',
        `UPDATE user SET counters = substr(counters, 1, length(counters) - 1) || ',"${count}",99]' WHERE user_id = 'user-1'`,
      );
      expect(planted).toBe(1);
      const document = await verified(embedded, { asOfMs: TRAFFIC_AS_OF_MS });
      expect(document.equal).toBe(false);
      expect(findDifference(document, 'cached_count', count)).toMatchObject({ user_id: 'user-1' });
    }
  });

  it('is written for the definitions that tipstream has', () => {
    expect(NAIVE_DEFINITIONS).toEqual(
      Object.fromEntries(registryOf({ sets: FEATURE_SETS }).definitions.features.map(({ name, hash }) => [name, hash])),
    );
  });
});
