/** Decisions kept so that the sums of any window are there at once: for many rollouts that are drawn on one log. */
import { AGES_MS, type Window } from './looks.js';
import { rewardBy, scaleOf, type RewardScale, type ValuedReactions } from './rewards.js';
import type { Sums } from './users.js';

/** One user's, in the order of their requests. */
export interface UserDecisions {
  readonly userId: string;
  readonly requestedAtMs: Float64Array;
  /** By age: sum of the rewards, by then, of the decisions before each. One more than there are decisions. */
  readonly rewardBefore: readonly Float64Array[];
  /** The same of their squares. */
  readonly squaresBefore: readonly Float64Array[];
}

export interface LoggedOutcome {
  readonly userId: string;
  /** Unix ms. */
  readonly requestedAtMs: number;
  readonly reactions: ValuedReactions;
}

export class DecisionLog {
  readonly #users = new Map<string, { readonly times: number[]; readonly reactions: ValuedReactions[] }>();
  readonly #rewards = new Set<number>();
  #count = 0;
  #fromMs = Infinity;
  #toMs = -Infinity;

  /** In any order. */
  add({ userId, requestedAtMs, reactions }: LoggedOutcome): void {
    let user = this.#users.get(userId);
    if (user === undefined) this.#users.set(userId, (user = { times: [], reactions: [] }));
    user.times.push(requestedAtMs);
    user.reactions.push(reactions);
    for (const { reward } of reactions) this.#rewards.add(reward);
    this.#count++;
    this.#fromMs = Math.min(this.#fromMs, requestedAtMs);
    this.#toMs = Math.max(this.#toMs, requestedAtMs);
  }

  get decisions(): number {
    return this.#count;
  }

  /** That all rewards lie on. */
  get scale(): RewardScale {
    return scaleOf(this.#rewards);
  }

  /** Of the first decision, Unix ms; Infinity: there is none. */
  get fromMs(): number {
    return this.#fromMs;
  }

  /** Of the last decision, Unix ms. */
  get toMs(): number {
    return this.#toMs;
  }

  users(): UserDecisions[] {
    return [...this.#users].map(([userId, { times, reactions }]) => {
      const order = Uint32Array.from(times.keys()).sort((a, b) => times[a]! - times[b]!);
      const before = AGES_MS.map((age) => {
        const [rewards, squares] = [new Float64Array(order.length + 1), new Float64Array(order.length + 1)];
        for (const [i, index] of order.entries()) {
          const reward = rewardBy(reactions[index]!, age);
          rewards[i + 1] = rewards[i]! + reward;
          squares[i + 1] = squares[i]! + reward * reward;
        }
        return { rewards, squares };
      });
      return {
        userId,
        requestedAtMs: Float64Array.from(order, (i) => times[i]!),
        rewardBefore: before.map(({ rewards }) => rewards),
        squaresBefore: before.map(({ squares }) => squares),
      };
    });
  }
}

/** Decisions of the window and their rewards at this age. */
export function sumsIn({ requestedAtMs, rewardBefore, squaresBefore }: UserDecisions, { fromMs, toMs }: Window, ageMs: number): Sums {
  const age = AGES_MS.indexOf(ageMs);
  const first = firstAtOrAfter(requestedAtMs, fromMs);
  const end = Math.max(first, firstAtOrAfter(requestedAtMs, toMs));
  const within = (sums: Float64Array): number => sums[end]! - sums[first]!;
  return { decisions: end - first, reward: within(rewardBefore[age]!), squares: within(squaresBefore[age]!) };
}

function firstAtOrAfter(times: Float64Array, atMs: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
