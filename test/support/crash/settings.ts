/** What the process that dies and the one that goes on after it have in common. */
import { CORE_ALONE, type FeatureChoice } from '../../../src/events/feature-choice.js';
import { registryOf, type Registry } from '../../../src/projections/registry.js';
import type { ServiceOptions } from '../../../src/service/options.js';

export const CRASH_SETTINGS = {
  features: CORE_ALONE,
  partitioner: 'murmur2',
  maxValueBytes: 1_048_576,
  publishProfiles: true,
  maxTaskIdleMs: 20,
  scoring: { livePolicy: 'egreedy-v1', settings: { epsilon: 0.1, salt: '0', shadow: 'egreedy-v2', shadowLearning: true } },
} as const satisfies Partial<ServiceOptions>;

/** `rows`: with sessions and signals. */
export function crashFeatures(rows = false): { readonly features: FeatureChoice; readonly registry: Registry } {
  const features: FeatureChoice = rows ? { ...CORE_ALONE, sets: ['core', 'activity'] } : CORE_ALONE;
  return { features, registry: registryOf(features) };
}

/** Slices so small that a pass has several. */
export const CRASH_PRUNE_LIMITS = { rows: 200_000, tips: 6 };

/** A clock that stands at `nowMs` now, and goes on from there. */
export function crashClock(nowMs: number): () => number {
  const startedMs = performance.now();
  return () => Math.round(nowMs + performance.now() - startedMs);
}
