/** How many decisions a day there are now: of the week up to the newest one, or of less where there is less. */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_HOURS = 7 * 24;

export class Pace {
  /** Hour since 1970 -> decisions, of the newest week and a little before it. */
  readonly #hours = new Map<number, number>();
  #firstMs = Infinity;
  #newestMs = -Infinity;

  /** Times in Unix ms, ascending. */
  add(requestedAtMs: number): void {
    const hour = Math.floor(requestedAtMs / HOUR_MS);
    this.#firstMs = Math.min(this.#firstMs, requestedAtMs);
    this.#newestMs = Math.max(this.#newestMs, requestedAtMs);
    const before = this.#hours.get(hour);
    this.#hours.set(hour, (before ?? 0) + 1);
    if (before === undefined) for (const old of this.#hours.keys()) if (old < hour - WEEK_HOURS) this.#hours.delete(old);
  }

  /** null where the decisions lie within less than an hour: nobody can tell. */
  get perDay(): number | null {
    const newest = Math.floor(this.#newestMs / HOUR_MS);
    const spanMs = Math.min(WEEK_HOURS * HOUR_MS, this.#newestMs - this.#firstMs);
    if (!(spanMs >= HOUR_MS)) return null;
    let decisions = 0;
    for (const [hour, count] of this.#hours) if (hour > newest - WEEK_HOURS) decisions += count;
    return (decisions * DAY_MS) / spanMs;
  }

  /** Of the newest decision, Unix ms; null: there is none. */
  get newestMs(): number | null {
    return this.#newestMs === -Infinity ? null : this.#newestMs;
  }
}
