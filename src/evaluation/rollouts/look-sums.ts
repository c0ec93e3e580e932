/** The users of several looks at one rollout, added up in one pass over its decisions, which come in any order. */
import type { ControlEvent } from '../../topics.js';
import { LiveTimeline } from '../../policies/controls/live-timeline.js';
import { rewardRulesWithin, rewardTimeline } from '../../policies/controls/reward-rules.js';
import type { RolloutHistory } from '../../policies/controls/rollout-history.js';
import { userPercentile } from '../../policies/placement.js';
import { placeOf, type Place } from './place.js';
import type { Look, Window } from './looks.js';
import { rewardBy, rewardScale, type RewardScale, type ValuedReactions } from './rewards.js';
import { RolloutUsers } from './users.js';

/** A decision of anybody, and what became of it. */
export interface CountedDecision {
  readonly userId: string;
  /** Unix ms. */
  readonly requestedAtMs: number;
  /** Who made it. */
  readonly policy: string;
  readonly reactions: ValuedReactions;
}

/** Decisions of one state file, some at a time. */
export interface CountedPiece {
  /** `uid`: a small number of the user, the same in all pieces of the file. */
  readonly decisions: readonly (CountedDecision & { readonly key: number; readonly uid: number })[];
  /** The controls that whoever made the decision with this key had applied. */
  readonly controlsKnownTo: (key: number) => readonly ControlEvent[];
}

export interface Placements {
  /** All that hold for everybody. */
  readonly controls: readonly ControlEvent[];
  readonly defaultPolicy: string;
}

/** Per look: decisions, rewards and their squares before and after, and the misplaced decisions after. */
const [M, X, XX, N, Y, YY, MISPLACED, COLUMNS] = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** A place takes a hash, so fewer than where numbers are added up. */
const USERS_AT_ONCE = 500;
const NO_SEGMENTS: Readonly<Record<string, string>> = {};

export class LookSums {
  readonly #looks: readonly Look[];
  readonly #live: LiveTimeline;
  readonly #defaultPolicy: string;
  /** By look: of the rules that hold in its windows. */
  readonly #scales: readonly RewardScale[];
  /** User -> row. */
  readonly #rows = new Map<string, number>();
  readonly #places: Place[] = [];
  /** Row by row, the columns of each look. */
  #sums = new Float64Array(1024);

  constructor(looks: readonly Look[], { controls, defaultPolicy }: Placements) {
    this.#looks = looks;
    this.#live = new LiveTimeline(controls, defaultPolicy);
    this.#defaultPolicy = defaultPolicy;
    const timeline = rewardTimeline(controls);
    const rulesOf = ({ fromMs, toMs }: Window) => rewardRulesWithin(timeline, fromMs, toMs);
    this.#scales = looks.map(({ before, after }) => rewardScale([...rulesOf(before), ...rulesOf(after)]));
  }

  /** Decisions requested within these times are in some look's windows; null: there is no look. */
  get window(): { readonly fromMs: number; readonly toMs: number } | null {
    const windows = this.#looks.flatMap(({ before, after }) => [before, after]);
    if (windows.length === 0) return null;
    return { fromMs: Math.min(...windows.map(({ fromMs }) => fromMs)), toMs: Math.max(...windows.map(({ toMs }) => toMs)) };
  }

  /** All pieces of one file, each decision once. Yields after each piece. */
  *addPieces(pieces: Iterable<CountedPiece>): Generator<void, void> {
    const rows: (number | undefined)[] = [];
    for (const { decisions, controlsKnownTo } of pieces) {
      for (const decision of decisions) {
        const row = (rows[decision.uid] ??= this.#rowOf(decision.userId));
        this.#add(row, decision, () => controlsKnownTo(decision.key));
      }
      yield;
    }
  }

  /**
   * `controlsKnown`: a decision that was made before a promote had been read follows the placement that held as far as was known, and is
   * no fault.
   */
  #add(row: number, { userId, requestedAtMs, policy, reactions }: CountedDecision, controlsKnown: () => readonly ControlEvent[]): void {
    let isMisplaced: boolean | undefined;
    for (const [i, { before, after, ageMs }] of this.#looks.entries()) {
      const isAfter = requestedAtMs >= after.fromMs && requestedAtMs < after.toMs;
      if (!isAfter && !(requestedAtMs >= before.fromMs && requestedAtMs < before.toMs)) continue;
      const at = COLUMNS * (this.#looks.length * row + i);
      this.#sums[at + (isAfter ? N : M)]!++;
      const reward = rewardBy(reactions, ageMs);
      if (reward !== 0) {
        this.#sums[at + (isAfter ? Y : X)]! += reward;
        this.#sums[at + (isAfter ? YY : XX)]! += reward * reward;
      }
      if (isAfter && (isMisplaced ??= this.#isMisplaced(userId, requestedAtMs, policy, controlsKnown))) this.#sums[at + MISPLACED]!++;
    }
  }

  /**
   * Of one look, with the rollout's places, the same for all of its looks. `segmentsOf`: a user's, as known before the rollout. Yields
   * about every millisecond.
   */
  *users(
    look: number,
    placeIn: (userId: string) => Place,
    segmentsOf: (userId: string) => Readonly<Record<string, string>> = () => NO_SEGMENTS,
  ): Generator<void, RolloutUsers> {
    const users = new RolloutUsers(this.#scales[look]);
    for (const [userId, row] of this.#rows) {
      const at = COLUMNS * (this.#looks.length * row + look);
      const of = (column: number): number => this.#sums[at + column]!;
      const [before, after] = [
        { decisions: of(M), reward: of(X), squares: of(XX) },
        { decisions: of(N), reward: of(Y), squares: of(YY) },
      ];
      if ((row + 1) % USERS_AT_ONCE === 0) yield;
      if (before.decisions + after.decisions === 0) continue;
      const place = (this.#places[row] ??= placeIn(userId));
      users.add({ place, before, after, misplaced: of(MISPLACED), segments: segmentsOf(userId) });
    }
    return users;
  }

  #rowOf(userId: string): number {
    let row = this.#rows.get(userId);
    if (row === undefined) {
      row = this.#rows.size;
      this.#rows.set(userId, row);
      const width = COLUMNS * this.#looks.length;
      if (width * (row + 1) > this.#sums.length) {
        const grown = new Float64Array(2 * width * (row + 1));
        grown.set(this.#sums);
        this.#sums = grown;
      }
    }
    return row;
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
