/**
 * Sums over the treated for the true placement and for each relabelling: the part that costs time, users x relabellings, so it is done a
 * piece at a time.
 */
import type { Population } from './population.js';
import { relabelKeys, relabelThreshold, treatedShare } from './split.js';

/** What is added up of a user: d, e, e^2, e d, d^2. */
const COLUMNS = 5;
/** Users at once stay in the processor's cache. */
const USERS_AT_ONCE = 1_000;
/** Between two yields, users x relabellings: about two milliseconds. */
const STEPS_AT_ONCE = 250_000;

/** Two whole numbers a user, whose squares add up below 2^53. */
export interface Feature {
  readonly d: Float64Array;
  readonly e: Float64Array;
}

/** n = sum of d, e = sum of e, ee, ed, dd: sums of e^2, e d, d^2. */
export interface ArmSums {
  readonly n: number;
  readonly e: number;
  readonly ee: number;
  readonly ed: number;
  readonly dd: number;
}

export interface Arms {
  readonly treated: ArmSums;
  readonly control: ArmSums;
}

/** Sums of one feature; row 0 is the true placement, b the relabelling b. */
export class RelabelledSums {
  readonly rows: number;
  readonly #treated: Float64Array;
  readonly #all: Float64Array;

  constructor(treated: Float64Array, all: Float64Array) {
    this.rows = treated.length / COLUMNS;
    this.#treated = treated;
    this.#all = all;
  }

  arms(row: number): Arms {
    const [t, a, at] = [this.#treated, this.#all, COLUMNS * row];
    return {
      treated: named(t, at),
      control: { n: a[0]! - t[at]!, e: a[1]! - t[at + 1]!, ee: a[2]! - t[at + 2]!, ed: a[3]! - t[at + 3]!, dd: a[4]! - t[at + 4]! },
    };
  }
}

/** Of the true placement alone. */
export function armsOf({ treated }: Population, feature: Feature): Arms {
  const table = tableOf(feature);
  return { treated: named(sumOf(table, treated, 1), 0), control: named(sumOf(table, treated, 0), 0) };
}

function named(sums: Float64Array, at: number): ArmSums {
  return { n: sums[at]!, e: sums[at + 1]!, ee: sums[at + 2]!, ed: sums[at + 3]!, dd: sums[at + 4]! };
}

/** Of each feature, from one pass. Exact, so the order of users does not matter. */
export function* relabelledSums(
  population: Population,
  features: readonly Feature[],
  relabellings: number,
): Generator<void, RelabelledSums[]> {
  const { size, split, words, treated } = population;
  const keys = relabelKeys(split.rolloutId, relabellings);
  // The smaller arm is added up; the other one is the rest.
  const smallerIsControl = treatedShare(split) > 0.5;
  const threshold = relabelThreshold(split);
  const tables = features.map(tableOf);
  const alls = tables.map((table) => sumOf(table, treated));
  yield;
  const results = tables.map((table) => {
    const sums = new Float64Array(COLUMNS * (relabellings + 1));
    sums.set(sumOf(table, treated, smallerIsControl ? 0 : 1));
    return sums;
  });
  const members = new Int32Array(Math.min(size, USERS_AT_ONCE));
  const keysAtOnce = Math.max(1, Math.floor(STEPS_AT_ONCE / Math.max(1, members.length)));
  for (let from = 0; from < size; from += USERS_AT_ONCE) {
    const to = Math.min(size, from + USERS_AT_ONCE);
    for (let first = 0; first < relabellings; first += keysAtOnce) {
      const last = Math.min(relabellings, first + keysAtOnce);
      for (let b = first; b < last; b++) {
        const count = smallerArm(members, words, from, to, keys[b]!, threshold, smallerIsControl ? 1 : 0);
        for (const [i, table] of tables.entries()) addMembers(results[i]!, COLUMNS * (b + 1), table, members, count);
      }
      yield;
    }
  }
  return results.map((sums, i) => new RelabelledSums(smallerIsControl ? restOf(sums, alls[i]!) : sums, alls[i]!));
}

/** Fills in the users from `from` to `to` whom the key places in the smaller arm; how many. No branch, as chance would mislead it. */
function smallerArm(
  members: Int32Array,
  words: Int32Array,
  from: number,
  to: number,
  key: number,
  threshold: number,
  complement: 0 | 1,
): number {
  const limit = threshold | 0;
  let count = 0;
  for (let user = from; user < to; user++) {
    // mix32 of split.ts, spelt out.
    let x = (words[user]! + key) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    x ^= x >>> 16;
    members[count] = user;
    // The borrow of x - limit, both unsigned (H. S. Warren, Hacker's delight, section 2-12).
    count += (((~x & limit) | ((~x | limit) & (x - limit))) >>> 31) ^ complement;
  }
  return count;
}

function addMembers(sums: Float64Array, at: number, table: Float64Array, members: Int32Array, count: number): void {
  let [n, e, ee, ed, dd] = [0, 0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const row = COLUMNS * members[i]!;
    n += table[row]!;
    e += table[row + 1]!;
    ee += table[row + 2]!;
    ed += table[row + 3]!;
    dd += table[row + 4]!;
  }
  sums[at]! += n;
  sums[at + 1]! += e;
  sums[at + 2]! += ee;
  sums[at + 3]! += ed;
  sums[at + 4]! += dd;
}

function tableOf({ d, e }: Feature): Float64Array {
  const table = new Float64Array(COLUMNS * d.length);
  for (let user = 0; user < d.length; user++) {
    const [weight, value, at] = [d[user]!, e[user]!, COLUMNS * user];
    table[at] = weight;
    table[at + 1] = value;
    table[at + 2] = value * value;
    table[at + 3] = value * weight;
    table[at + 4] = weight * weight;
  }
  return table;
}

/** Over the users of an arm; over all unless one is given. */
function sumOf(table: Float64Array, treated: Uint8Array, arm?: 0 | 1): Float64Array {
  const members = new Int32Array(treated.length);
  let count = 0;
  for (let user = 0; user < treated.length; user++) if (arm === undefined || treated[user] === arm) members[count++] = user;
  const sums = new Float64Array(COLUMNS);
  addMembers(sums, 0, table, members, count);
  return sums;
}

function restOf(sums: Float64Array, all: Float64Array): Float64Array {
  return sums.map((sum, i) => all[i % COLUMNS]! - sum);
}
