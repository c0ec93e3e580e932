/**
 * Which features the naive calculator can judge: those whose definition is the one that it was written for. Features that a file defines
 * have a calculator of their own (defined/). Others, added or changed since, are named and not called wrong; nor are counts that nobody
 * asks for since a feature was removed.
 */
import { KNOWN } from '../projections/counter.js';
import type { Registry } from '../projections/registry.js';
import { NAIVE_DEFINITIONS } from './naive-profile.js';

export interface Provable {
  readonly features: ReadonlySet<string>;
  /** By name; the rest of the registry. */
  readonly unproven: readonly string[];
  /** Ids of the counter families, of tips and rows, that only proven features read. */
  readonly families: ReadonlySet<string>;
  /** Whether a stored count of tips can be compared with the naive one. */
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
    families: judged,
    unproven: registry.features.filter(({ name, defined }) => defined === undefined && !features.has(name)).map(({ name }) => name),
    judges(count, held) {
      const family = count.split(':', 1)[0]!;
      // What no feature counts is not to be there; that it is not is no difference.
      return counted.has(family) ? judged.has(family) : held !== 0;
    },
  };
}
