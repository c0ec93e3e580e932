/** What all tips of a state say about the topics they came from, in one pass. Pure. */
import { DAY_MS, hasHappened, isInWindow, WINDOW_MS } from '../projections/window.js';
import { Activity } from '../quality/activity.js';

/** Feedback may come before its serving; for longer than this it is an orphan. */
const ORPHAN_AFTER_MS = DAY_MS;
/** Distinct categories; further ones are not counted. */
const MOST_CATEGORIES = 10_000;

type Tip = readonly [served: number | null, category: string | null, done: number | null, dismiss: number | null, snooze: number | null];

export class TipTotals {
  readonly #asOfMs: number;
  readonly servings: Activity;
  readonly reactions: Activity;
  /** Category -> servings of it in the window. */
  readonly categories = new Map<string, number>();
  /** Tips served in the window. */
  volume = 0;
  /** Of these, the ones with a reaction before as-of. */
  reacted = 0;
  /** Of these, the ones whose first reaction lies before their serving. */
  negativeDwell = 0;
  /** Tips with a reaction in the window before the last day, and no serving. */
  orphans = 0;
  /** Tips with a reaction in the window before the last day. */
  settled = 0;
  /** The earliest kept time of all, Unix ms; Infinity: there is none. */
  firstMs = Infinity;

  constructor(asOfMs: number) {
    this.#asOfMs = asOfMs;
    this.servings = new Activity(asOfMs);
    this.reactions = new Activity(asOfMs);
  }

  add([served, category, done, dismiss, snooze]: Tip): void {
    const asOfMs = this.#asOfMs;
    if (served !== null) this.servings.add(served);
    this.firstMs = Math.min(this.firstMs, served ?? Infinity, done ?? Infinity, dismiss ?? Infinity, snooze ?? Infinity);
    let first = Infinity;
    for (const atMs of [done, dismiss, snooze]) {
      if (atMs === null) continue;
      this.reactions.add(atMs);
      first = Math.min(first, atMs);
    }
    if (isInWindow(served, asOfMs)) {
      this.volume++;
      if (category !== null) countCategory(this.categories, category);
      if (first < asOfMs) {
        this.reacted++;
        if (first < served) this.negativeDwell++;
      }
    }
    if (first < asOfMs - ORPHAN_AFTER_MS && first >= asOfMs - WINDOW_MS) {
      this.settled++;
      if (!hasHappened(served, asOfMs)) this.orphans++;
    }
  }
}

/** Further ones than MOST_CATEGORIES are not counted. */
export function countCategory(categories: Map<string, number>, category: string): void {
  const count = categories.get(category);
  if (count !== undefined || categories.size < MOST_CATEGORIES) categories.set(category, (count ?? 0) + 1);
}
