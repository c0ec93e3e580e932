/**
 * Which features the naive calculator can judge: those whose definition is the one that it was written for. Others, added or changed
 * since, are named and not called wrong; nor are counts that nobody asks for since a feature was removed.
 */
import { KNOWN } from '../projections/counter.js';
import type { Registry } from '../projections/registry.js';

/** Feature -> the hash of the definition that naive-profile.ts implements. Whoever changes that changes both. */
export const NAIVE_DEFINITIONS: Readonly<Record<string, string>> = {
  completion_rate_30d: 'f4c7f3ac0dd04c52',
  dismiss_rate_30d: '690e686ff17d1a4a',
  mean_dwell_ms_30d: 'ad3e8528eefc51d3',
  preferred_category: 'b29d4d21af5be6ad',
  preferred_hour: '2b2517cd50fbb7e7',
  preferred_weekday: 'a6643a33c2db9465',
  snooze_rate_30d: 'b132ca07af0ecc96',
  tip_volume_30d: '4ccba54312b02b83',
};

export interface Provable {
  readonly features: ReadonlySet<string>;
  /** By name; the rest of the registry. */
  readonly unproven: readonly string[];
  /** Whether a stored count can be compared with the naive one. */
  judges(count: string, held: number): boolean;
}

export function provableOf(registry: Registry): Provable {
  const proven = registry.definitions.features.filter(
    ({ name, hash }) => Object.hasOwn(NAIVE_DEFINITIONS, name) && NAIVE_DEFINITIONS[name] === hash,
  );
  const features = new Set(proven.map(({ name }) => name));
  const judged = new Set([KNOWN, ...proven.flatMap(({ counters }) => counters)]);
  const counted = new Set(registry.counters.map(({ id }) => id));
  return {
    features,
    unproven: registry.names.filter((name) => !features.has(name)),
    judges(count, held) {
      const family = count.split(':', 1)[0]!;
      // What no feature counts is not to be there; that it is not is no difference.
      return counted.has(family) ? judged.has(family) : held !== 0;
    },
  };
}
