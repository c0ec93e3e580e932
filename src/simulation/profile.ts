/**
 * A user's 30-day profile as far as policies read it, kept while the simulation goes: the features' definitions over what one policy
 * has served.
 */
import { WINDOW_MS } from '../projections/window.js';
import type { ProfileValues } from '../policies/policy.js';
import { CATEGORIES, type Category } from './persona.js';

interface Serving {
  readonly atMs: number;
  readonly hour: number;
  readonly category: Category;
  readonly outcome: 'done' | 'dismiss' | 'none';
  readonly dwellMs: number;
}

/** Servings out of the window that are kept until they are dropped together. */
const MOST_GONE = 10_000;

export class SimulatedProfile {
  readonly #servings: Serving[] = [];
  /** The first serving that may still lie in the window. */
  #first = 0;
  #volume = 0;
  #done = 0;
  #dismissed = 0;
  #reacted = 0;
  #dwellMs = 0;
  readonly #hours = new Float64Array(24);
  /** One per category, in their order. */
  readonly #categories = new Float64Array(CATEGORIES.length);

  add(serving: Serving): void {
    this.#servings.push(serving);
    this.#count(serving, 1);
  }

  /** Servings come and are asked about in the order of time, within a day. */
  asOf(atMs: number): ProfileValues {
    while (this.#first < this.#servings.length && this.#servings[this.#first]!.atMs < atMs - WINDOW_MS)
      this.#count(this.#servings[this.#first++]!, -1);
    if (this.#first > MOST_GONE) {
      this.#servings.splice(0, this.#first);
      this.#first = 0;
    }
    const volume = this.#volume;
    return {
      tip_volume_30d: volume,
      completion_rate_30d: volume === 0 ? null : this.#done / volume,
      dismiss_rate_30d: volume === 0 ? null : this.#dismissed / volume,
      mean_dwell_ms_30d: this.#reacted === 0 ? null : this.#dwellMs / this.#reacted,
      preferred_hour: this.#done === 0 ? null : fullest(this.#hours),
      preferred_category: this.#done === 0 ? null : CATEGORIES[fullest(this.#categories)]!,
    };
  }

  #count({ outcome, dwellMs, hour, category }: Serving, sign: 1 | -1): void {
    this.#volume += sign;
    if (outcome === 'none') return;
    this.#reacted += sign;
    this.#dwellMs += sign * dwellMs;
    if (outcome === 'dismiss') this.#dismissed += sign;
    else {
      this.#done += sign;
      this.#hours[hour]! += sign;
      this.#categories[CATEGORIES.indexOf(category)]! += sign;
    }
  }
}

/** The first index of the largest number. */
function fullest(counts: ArrayLike<number>): number {
  let found = 0;
  for (let i = 1; i < counts.length; i++) if (counts[i]! > counts[found]!) found = i;
  return found;
}
