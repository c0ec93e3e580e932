/**
 * Registries beside the built-in one: a feature more, one with another window, one with another meaning, one less; and what each must
 * give, naively.
 */
import type { CounterFamily } from '../../src/projections/counter.js';
import { defineFeature, type FeatureDefinition } from '../../src/projections/feature.js';
import { createRegistry, coreRegistry, type Registry } from '../../src/projections/registry.js';
import { reactedAtMs } from '../../src/projections/tip.js';
import { DAY_MS, hasHappened, isInWindow, WINDOW_MS } from '../../src/projections/window.js';
import { oracleProfiles, type OracleEvent, type OracleProfile } from '../oracle/profile.js';

const WEEK = 7 * DAY_MS;
const TWO_WEEKS = 14 * DAY_MS;

const builtIn = (name: string): FeatureDefinition => coreRegistry.features.find((feature) => feature.name === name)!;
const others = (name: string): FeatureDefinition[] => coreRegistry.features.filter((feature) => feature.name !== name);

const snoozed: CounterFamily = {
  id: 'snoozed_7d',
  windowMs: WEEK,
  contribute(tip, asOfMs, add) {
    if (isInWindow(tip.snoozeAtMs, asOfMs, WEEK)) add('snoozed_7d', 1);
  },
};
export const snoozed7d = defineFeature({
  name: 'snoozed_7d',
  dtype: 'numeric',
  unit: 'tips',
  sources: ['tip.feedback'],
  windowMs: WEEK,
  ttlMs: DAY_MS,
  invalidatedBy: ['tip.feedback', 'time'],
  description: 'Tips snoozed in the last 7 days.',
  sql: `SELECT uid, count(*) AS value FROM tip -- of one user
        WHERE snooze_at_ms >= :as_of_ms - ${WEEK} AND snooze_at_ms < :as_of_ms GROUP BY uid`,
  counters: [snoozed],
  value: (read) => read.count('snoozed_7d'),
});

const dwell14: CounterFamily = {
  id: 'dwell_14d',
  windowMs: TWO_WEEKS,
  contribute(tip, asOfMs, add) {
    if (!isInWindow(tip.servedAtMs, asOfMs, TWO_WEEKS)) return;
    const reacted = reactedAtMs(tip);
    if (!hasHappened(reacted, asOfMs) || reacted < tip.servedAtMs) return;
    add('dwell_14d:tips', 1);
    add('dwell_14d:sum_ms', reacted - tip.servedAtMs);
  },
};
const dwell = builtIn('mean_dwell_ms_30d');
export const dwellOf14Days = defineFeature({
  ...dwell,
  windowMs: TWO_WEEKS,
  sql: dwell.sql.replaceAll(String(WINDOW_MS), String(TWO_WEEKS)),
  counters: [dwell14],
  value(read) {
    const tips = read.count('dwell_14d:tips');
    return tips === 0 ? null : read.count('dwell_14d:sum_ms') / tips;
  },
});

const labelled: CounterFamily = {
  id: 'served_labelled',
  windowMs: WINDOW_MS,
  contribute(tip, asOfMs, add) {
    if (isInWindow(tip.servedAtMs, asOfMs) && tip.servedCategory !== null) add('served_labelled', 1);
  },
};
const volume = builtIn('tip_volume_30d');
export const labelledVolume = defineFeature({
  ...volume,
  sql: volume.sql.replace('WHERE', 'WHERE served_category IS NOT NULL AND'),
  counters: [labelled],
  value: (read) => read.count('served_labelled'),
});

/** A feature more, or as in `coreRegistry` otherwise. */
export const added: Registry = createRegistry([...coreRegistry.features, snoozed7d]);
/** mean_dwell_ms_30d looks back 14 days. */
export const otherWindow: Registry = createRegistry([...others('mean_dwell_ms_30d'), dwellOf14Days]);
/** tip_volume_30d counts tips with a category. */
export const otherSql: Registry = createRegistry([...others('tip_volume_30d'), labelledVolume]);
/** Without preferred_hour. */
export const removed: Registry = createRegistry(others('preferred_hour'));
/** All four at once. */
export const everything: Registry = createRegistry([
  ...coreRegistry.features.filter(({ name }) => !['mean_dwell_ms_30d', 'tip_volume_30d', 'preferred_hour'].includes(name)),
  snoozed7d,
  dwellOf14Days,
  labelledVolume,
]);

/** Every known user's features by the definitions of one of the registries above. */
export function oracleOf(registry: Registry, events: readonly OracleEvent[], t: number): Map<string, OracleProfile> {
  const profiles = oracleProfiles(events, t);
  for (const [userId, profile] of profiles) {
    const tips = [...new Set(events.filter(({ value }) => value.user_id === userId).map(({ value }) => value.tip_id))].map((tipId) => {
      const mine = events.filter(({ value }) => value.user_id === userId && value.tip_id === tipId);
      const first = (matches: (event: OracleEvent) => boolean) =>
        Math.min(
          ...mine
            .filter(matches)
            .map(({ value }) => (value.served_at_ms ?? value.reacted_at_ms)!)
            .filter((at) => at < t),
        );
      const served = first(({ topic }) => topic === 'tip.served');
      return {
        served,
        reacted: first(({ topic }) => topic === 'tip.feedback'),
        snoozed: first(({ value }) => value.action === 'snooze'),
        labelled: mine.some(({ value }) => value.served_at_ms === served && value.category != null),
      };
    });
    const within = (at: number, length: number) => at < t && at >= t - length;
    if (registry.features.includes(snoozed7d)) profile.snoozed_7d = tips.filter((tip) => within(tip.snoozed, WEEK)).length;
    if (registry.features.includes(labelledVolume))
      profile.tip_volume_30d = tips.filter((tip) => within(tip.served, WINDOW_MS) && tip.labelled).length;
    if (registry.features.includes(dwellOf14Days)) {
      const dwells = tips
        .filter((tip) => within(tip.served, TWO_WEEKS) && tip.reacted < t && tip.reacted >= tip.served)
        .map((tip) => tip.reacted - tip.served);
      profile.mean_dwell_ms_30d = dwells.length === 0 ? null : dwells.reduce((sum, each) => sum + each, 0) / dwells.length;
    }
    if (!registry.names.includes('preferred_hour')) delete profile.preferred_hour;
  }
  return profiles;
}
