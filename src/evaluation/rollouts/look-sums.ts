/** The users of several looks at one rollout, added up in one pass over its decisions, which come in any order. */
import type { ControlEvent } from '../../topics.js';
import { LiveTimeline } from '../../policies/controls/live-timeline.js';
import type { RolloutHistory } from '../../policies/controls/rollout-history.js';
import { userPercentile } from '../../policies/placement.js';
import { placeOf, type Place } from './place.js';
import type { Look } from './looks.js';
import { RolloutUsers } from './users.js';

/** A decision of anybody, and what became of it. */
export interface CountedDecision {
  readonly userId: string;
  /** Unix ms. */
  readonly requestedAtMs: number;
  /** Who made it. */
  readonly policy: string;
  /** From the request to the done, ms; null: not done. */
  readonly doneAfterMs: number | null;
}

export interface Placements {
  /** All that hold for everybody. */
  readonly controls: readonly ControlEvent[];
  readonly defaultPolicy: string;
}

/** Per look: decisions and rewards before and after, and the misplaced ones after. */
const [M, X, N, Y, MISPLACED, COLUMNS] = [0, 1, 2, 3, 4, 5] as const;

const NO_SEGMENTS: Readonly<Record<string, string>> = {};

export class LookSums {
  readonly #looks: readonly Look[];
  readonly #live: LiveTimeline;
  readonly #defaultPolicy: string;
  readonly #users = new Map<string, Float64Array>();

  constructor(looks: readonly Look[], { controls, defaultPolicy }: Placements) {
    this.#looks = looks;
    this.#live = new LiveTimeline(controls, defaultPolicy);
    this.#defaultPolicy = defaultPolicy;
  }

  /** Decisions requested within these times are in some look's windows; null: there is no look. */
  get window(): { readonly fromMs: number; readonly toMs: number } | null {
    const windows = this.#looks.flatMap(({ before, after }) => [before, after]);
    if (windows.length === 0) return null;
    return { fromMs: Math.min(...windows.map(({ fromMs }) => fromMs)), toMs: Math.max(...windows.map(({ toMs }) => toMs)) };
  }

  /**
   * `controlsKnown`: those that whoever decided had applied. A decision that was made before a promote had been read follows the
   * placement that held as far as was known, and is no fault.
   */
  add({ userId, requestedAtMs, policy, doneAfterMs }: CountedDecision, controlsKnown: () => readonly ControlEvent[]): void {
    let isMisplaced: boolean | undefined;
    for (const [i, { before, after, ageMs }] of this.#looks.entries()) {
      const isAfter = requestedAtMs >= after.fromMs && requestedAtMs < after.toMs;
      if (!isAfter && !(requestedAtMs >= before.fromMs && requestedAtMs < before.toMs)) continue;
      const sums = this.#sumsOf(userId);
      const [count, reward] = isAfter ? [N, Y] : [M, X];
      sums[COLUMNS * i + count]!++;
      if (doneAfterMs !== null && doneAfterMs <= ageMs) sums[COLUMNS * i + reward]!++;
      if (isAfter && (isMisplaced ??= this.#isMisplaced(userId, requestedAtMs, policy, controlsKnown))) sums[COLUMNS * i + MISPLACED]!++;
    }
  }

  /** Of one look. `segmentsOf`: a user's, as known before the rollout. */
  users(
    look: number,
    placeIn: (userId: string) => Place,
    segmentsOf: (userId: string) => Readonly<Record<string, string>> = () => NO_SEGMENTS,
  ): RolloutUsers {
    const users = new RolloutUsers();
    for (const [userId, sums] of this.#users) {
      const of = (column: number): number => sums[COLUMNS * look + column]!;
      const [before, after] = [
        { decisions: of(M), reward: of(X) },
        { decisions: of(N), reward: of(Y) },
      ];
      if (before.decisions + after.decisions === 0) continue;
      users.add({ place: placeIn(userId), before, after, misplaced: of(MISPLACED), segments: segmentsOf(userId) });
    }
    return users;
  }

  #sumsOf(userId: string): Float64Array {
    let sums = this.#users.get(userId);
    if (sums === undefined) this.#users.set(userId, (sums = new Float64Array(COLUMNS * this.#looks.length)));
    return sums;
  }

  #isMisplaced(userId: string, requestedAtMs: number, policy: string, controlsKnown: () => readonly ControlEvent[]): boolean {
    if (this.#live.policyAt(requestedAtMs, userId) === policy) return false;
    return new LiveTimeline(controlsKnown(), this.#defaultPolicy).policyAt(requestedAtMs, userId) !== policy;
  }
}

/** Where a user stands in that rollout, by whichever hash its promotes go. */
export function placeInRollout({ id, split }: Pick<RolloutHistory, 'id' | 'split'>): (userId: string) => Place {
  if (split !== null) return (userId) => placeOf(split, userId);
  return (userId) => ({ ...placeOf(id, userId), u: userPercentile(userId) / 100 });
}
