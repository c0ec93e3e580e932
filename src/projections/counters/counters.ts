/** What is counted of a user or of their rows: name -> an integer that is not 0. */

export interface ReadonlyCounters extends Iterable<[name: string, count: number]> {
  readonly size: number;
  get(name: string): number | undefined;
  has(name: string): boolean;
}

export interface Counters extends ReadonlyCounters {
  set(name: string, count: number): unknown;
  delete(name: string): boolean;
  /** A counter that comes to 0 goes. */
  add(name: string, by: number): void;
  copy(): Counters;
  /**
   * A flat JSON array [name, count, name, count ...] in no particular order; lone surrogates come out as \u escapes. Every changed user is
   * stored with every batch: an object of as many different keys takes four times as long to parse.
   */
  encode(): string;
}

export class CounterMap extends Map<string, number> implements Counters {
  add(name: string, by: number): void {
    const sum = (this.get(name) ?? 0) + by;
    if (sum === 0) this.delete(name);
    else this.set(name, sum);
  }

  copy(): CounterMap {
    return new CounterMap(this);
  }

  encode(): string {
    const flat: (string | number)[] = [];
    for (const [name, count] of this) flat.push(name, count);
    return JSON.stringify(flat);
  }
}

/** The opposite of `encode`. Throws SyntaxError for what it has not written. */
export function decodeCounters(text: string): CounterMap {
  const flat = JSON.parse(text) as unknown;
  if (!Array.isArray(flat) || flat.length % 2 !== 0) throw notCounters(text);
  const counters = new CounterMap();
  for (let i = 0; i < flat.length; i += 2) {
    const [name, count] = [flat[i] as unknown, flat[i + 1] as unknown];
    if (typeof name !== 'string' || typeof count !== 'number') throw notCounters(text);
    counters.set(name, count);
  }
  return counters;
}

function notCounters(text: string): SyntaxError {
  return new SyntaxError(`${text.length > 60 ? `${text.slice(0, 60)} ...` : text} is not a list of names, each followed by its count`);
}
