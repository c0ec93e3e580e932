/** What a rebuilt generation would change of the live one: everything counted, the largest of it kept. */
import { compareCodePoints } from '../events/strings.js';
import type { DefinitionChanges } from '../projections/definitions.js';
import type { FeatureValue } from '../projections/feature.js';

/**
 * profile: a feature, as everybody reads it. tips, decisions, shadow_decisions: rows behind it, with how many there are as values.
 * rows: those of another kind, which `feature` names. policy: what a policy has learned of the user.
 */
export type ChangeKind = 'profile' | 'tips' | 'rows' | 'decisions' | 'shadow_decisions' | 'policy';

export interface Change {
  readonly kind: ChangeKind;
  /** The feature, the table, the kind of rows, or the policy with what of it. */
  readonly feature: string;
  readonly live: FeatureValue;
  readonly rebuilt: FeatureValue;
  /** How much, from 0 to 1: the difference as a share of the larger value; 1 where there was nothing, or text. */
  readonly size: number;
}

export interface UserChange {
  readonly user_id: string;
  readonly partition: number;
  /** The sum of the sizes. */
  readonly size: number;
  /** Largest first. */
  readonly changes: readonly Change[];
}

export interface Comparison {
  /** Users of either generation. */
  readonly users: number;
  readonly changed_users: number;
  /** Feature, table, kind of rows or policy -> users of whom it changes; most first. */
  readonly changed_features: Readonly<Record<string, number>>;
  /** Features that only the rebuilt generation defines -> users who have a value of it there. They are counted here alone. */
  readonly added_features: Readonly<Record<string, number>>;
  /** Features that only the live generation defines -> users who have a value of it there. They are counted here alone. */
  readonly removed_features: Readonly<Record<string, number>>;
  /** The users who change most, most first. */
  readonly changes: readonly UserChange[];
}

/** How many users are listed; all are counted. */
export const LISTED_USERS = 100;

export const NO_COMPARISON: Comparison = {
  users: 0,
  changed_users: 0,
  changed_features: {},
  added_features: {},
  removed_features: {},
  changes: [],
};

export function changeOf(kind: ChangeKind, feature: string, live: FeatureValue, rebuilt: FeatureValue): Change {
  return { kind, feature, live, rebuilt, size: sizeOf(live, rebuilt) };
}

function sizeOf(live: FeatureValue, rebuilt: FeatureValue): number {
  if (typeof live !== 'number' || typeof rebuilt !== 'number') return 1;
  const larger = Math.max(Math.abs(live), Math.abs(rebuilt));
  return larger === 0 ? 1 : Math.min(1, Math.abs(live - rebuilt) / larger);
}

export class ChangeList {
  readonly #partition: number;
  readonly #counts = new Map<string, number>();
  readonly #added: Map<string, number>;
  readonly #removed: Map<string, number>;
  #changes: UserChange[] = [];
  #users = 0;
  #changed = 0;

  /** `definitions`: what the rebuilt generation's are against the live one's; null where that is not known. */
  constructor(partition: number, definitions: DefinitionChanges | null) {
    this.#partition = partition;
    this.#added = new Map(definitions?.added.map((name) => [name, 0]));
    this.#removed = new Map(definitions?.removed.map((name) => [name, 0]));
  }

  get users(): number {
    return this.#users;
  }

  /** A value that one user has of a feature on one side. Answers whether only that side defines it, so that there is nothing to compare. */
  isOfOneSide(name: string, live: FeatureValue, rebuilt: FeatureValue): boolean {
    for (const [counts, value] of [
      [this.#added, rebuilt],
      [this.#removed, live],
    ] as const) {
      const users = counts.get(name);
      if (users === undefined) continue;
      if (value !== null) counts.set(name, users + 1);
      return true;
    }
    return false;
  }

  /** One user, with whatever changes of them. */
  add(userId: string, changes: readonly Change[]): void {
    this.#users++;
    if (changes.length === 0) return;
    this.#changed++;
    for (const { feature } of changes) this.#counts.set(feature, (this.#counts.get(feature) ?? 0) + 1);
    const sorted = [...changes].sort((a, b) => b.size - a.size || compareCodePoints(a.feature, b.feature));
    this.#changes.push({
      user_id: userId,
      partition: this.#partition,
      size: changes.reduce((sum, { size }) => sum + size, 0),
      changes: sorted,
    });
    if (this.#changes.length >= 8 * LISTED_USERS) this.#changes = largest(this.#changes);
  }

  finish(): Comparison {
    return {
      users: this.#users,
      changed_users: this.#changed,
      changed_features: mostFirst(this.#counts),
      added_features: mostFirst(this.#added),
      removed_features: mostFirst(this.#removed),
      changes: largest(this.#changes),
    };
  }
}

export function mergeComparisons(comparisons: readonly Comparison[]): Comparison {
  const summed = (of: 'changed_features' | 'added_features' | 'removed_features'): Record<string, number> => {
    const counts = new Map<string, number>();
    for (const comparison of comparisons)
      for (const [feature, count] of Object.entries(comparison[of])) counts.set(feature, (counts.get(feature) ?? 0) + count);
    return mostFirst(counts);
  };
  return {
    users: comparisons.reduce((sum, { users }) => sum + users, 0),
    changed_users: comparisons.reduce((sum, { changed_users }) => sum + changed_users, 0),
    changed_features: summed('changed_features'),
    added_features: summed('added_features'),
    removed_features: summed('removed_features'),
    changes: largest(comparisons.flatMap(({ changes }) => changes)),
  };
}

function largest(changes: readonly UserChange[]): UserChange[] {
  return [...changes].sort((a, b) => b.size - a.size || compareCodePoints(a.user_id, b.user_id)).slice(0, LISTED_USERS);
}

function mostFirst(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a, n], [b, m]) => m - n || compareCodePoints(a, b)));
}
