/** Decisions kept so that the sums of any window are there at once: for many rollouts that are drawn on one log. */
import { AGES_MS, type Window } from './looks.js';
import type { Sums } from './users.js';

/** One user's, in the order of their requests. */
export interface UserDecisions {
  readonly userId: string;
  readonly requestedAtMs: Float64Array;
  /** By age: how many of the decisions before each were done by then. One more than there are decisions. */
  readonly doneBefore: readonly Uint32Array[];
}

export interface LoggedOutcome {
  readonly userId: string;
  /** Unix ms. */
  readonly requestedAtMs: number;
  /** From the request to the done, ms; null: not done. */
  readonly doneAfterMs: number | null;
}

export class DecisionLog {
  readonly #users = new Map<string, { readonly times: number[]; readonly doneAfterMs: number[] }>();
  #count = 0;
  #fromMs = Infinity;
  #toMs = -Infinity;

  /** In any order. */
  add({ userId, requestedAtMs, doneAfterMs }: LoggedOutcome): void {
    let user = this.#users.get(userId);
    if (user === undefined) this.#users.set(userId, (user = { times: [], doneAfterMs: [] }));
    user.times.push(requestedAtMs);
    user.doneAfterMs.push(doneAfterMs ?? Infinity);
    this.#count++;
    this.#fromMs = Math.min(this.#fromMs, requestedAtMs);
    this.#toMs = Math.max(this.#toMs, requestedAtMs);
  }

  get decisions(): number {
    return this.#count;
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
    return [...this.#users].map(([userId, { times, doneAfterMs }]) => {
      const order = Uint32Array.from(times.keys()).sort((a, b) => times[a]! - times[b]!);
      return {
        userId,
        requestedAtMs: Float64Array.from(order, (i) => times[i]!),
        doneBefore: AGES_MS.map((age) => {
          const counts = new Uint32Array(order.length + 1);
          for (const [i, index] of order.entries()) counts[i + 1] = counts[i]! + (doneAfterMs[index]! <= age ? 1 : 0);
          return counts;
        }),
      };
    });
  }
}

/** Decisions of the window and how many of them were done at this age. */
export function sumsIn({ requestedAtMs, doneBefore }: UserDecisions, { fromMs, toMs }: Window, ageMs: number): Sums {
  const counts = doneBefore[AGES_MS.indexOf(ageMs)]!;
  const first = firstAtOrAfter(requestedAtMs, fromMs);
  const end = Math.max(first, firstAtOrAfter(requestedAtMs, toMs));
  return { decisions: end - first, reward: counts[end]! - counts[first]! };
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
