/**
 * Sums over the treated for the true placement and for each relabelling: the part that costs time, users x relabellings, so it is done a
 * piece at a time.
 *
 * A sum over some of eight users is one of 256, so these are made once and looked up for each relabelling: the method of the four
 * Russians (V. L. Arlazarov, E. A. Dinic, M. A. Kronrod and I. A. Faradzhev, Soviet Math. Dokl. 11, 1970). All numbers are whole and
 * all sums are below 2^53, so that doubles add them exactly and in whatever order.
 */
import type { Population } from './population.js';
import { relabelKeys, relabelThreshold } from './split.js';
import { userPieces } from './user-pieces.js';

/** What is added up of a user: d, e, e^2, e d, d^2. */
const COLUMNS = 5;
/** A relabelling's arms of so many users are the bits of one word. */
const USERS_A_WORD = 32;
const USERS_A_BYTE = 8;
const SIGN = 0x80000000 | 0;
/** Between two yields, users x relabellings: about two milliseconds. */
const STEPS_AT_ONCE = 1_000_000;

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
    return armsFrom(this.#treated, COLUMNS * row, this.#all);
  }
}

function armsFrom(treated: Float64Array, at: number, all: Float64Array): Arms {
  const of = (column: number): number => treated[at + column]!;
  const rest = (column: number): number => all[column]! - of(column);
  return {
    treated: { n: of(0), e: of(1), ee: of(2), ed: of(3), dd: of(4) },
    control: { n: rest(0), e: rest(1), ee: rest(2), ed: rest(3), dd: rest(4) },
  };
}

/** Of the true placement alone. */
export function* armsOf(population: Population, feature: Feature): Generator<void, Arms> {
  const { treated, all } = yield* trueSums(population, feature);
  return armsFrom(treated, 0, all);
}

function* trueSums({ treated: arms }: Population, { d, e }: Feature) {
  const [treated, all] = [new Float64Array(COLUMNS), new Float64Array(COLUMNS)];
  for (const { from, to } of userPieces(d.length)) {
    for (let user = from; user < to; user++) {
      const [weight, value] = [d[user]!, e[user]!];
      add(all, weight, value);
      if (arms[user] === 1) add(treated, weight, value);
    }
    yield;
  }
  return { treated, all };
}

function add(sums: Float64Array, d: number, e: number): void {
  sums[0]! += d;
  sums[1]! += e;
  sums[2]! += e * e;
  sums[3]! += e * d;
  sums[4]! += d * d;
}

/** Of each feature, from one pass. Exact, so the order of users does not matter. Yields about every two milliseconds. */
export function* relabelledSums(
  population: Population,
  features: readonly Feature[],
  relabellings: number,
): Generator<void, RelabelledSums[]> {
  const { size, split, words } = population;
  const keys = relabelKeys(split.rolloutId, relabellings);
  yield;
  const { columns, ofFeature } = yield* distinctColumns(features);
  const width = columns.length;
  const sums = new Float64Array(width * relabellings);
  const masks = new Int32Array(relabellings);
  const subsets = new Float64Array((USERS_A_WORD / USERS_A_BYTE) * 256 * width);
  const limit = relabelThreshold(split);
  let steps = 0;
  for (let from = 0; from < size; from += USERS_A_WORD) {
    const to = Math.min(size, from + USERS_A_WORD);
    placeUsers(masks, words, from, to, keys, limit);
    fillSubsets(subsets, columns, from, to);
    addSubsets(sums, subsets, masks, width);
    steps += USERS_A_WORD * relabellings;
    if (steps < STEPS_AT_ONCE) continue;
    steps = 0;
    yield;
  }
  const results: RelabelledSums[] = [];
  for (const [i, feature] of features.entries()) {
    const { treated, all } = yield* trueSums(population, feature);
    results.push(new RelabelledSums(rowsOf(treated, ofFeature[i]!, sums, width), all));
  }
  return results;
}

interface Columns {
  readonly columns: readonly Float64Array[];
  /** Of each feature, where its five are. */
  readonly ofFeature: readonly (readonly number[])[];
}

/** Features share some: a count of users is its own square, and what has no effect left weighs as much as before. */
function* distinctColumns(features: readonly Feature[]): Generator<void, Columns> {
  const columns: Float64Array[] = [];
  const ofFeature: number[][] = [];
  for (const { d, e } of features) {
    const own: number[] = [];
    for (const [a, b] of [[d], [e], [e, e], [e, d], [d, d]] as const) {
      const column = b === undefined ? a : productOf(a, b);
      const known = columns.findIndex((each) => isEqual(each, column));
      own.push(known === -1 ? columns.push(column) - 1 : known);
      yield;
    }
    ofFeature.push(own);
  }
  return { columns, ofFeature };
}

function productOf(a: Float64Array, b: Float64Array): Float64Array {
  const product = new Float64Array(a.length);
  for (let i = 0; i < product.length; i++) product[i] = a[i]! * b[i]!;
  return product;
}

function isEqual(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * By relabelling: a bit for each of the users from `from` to `to`, set when it treats them. `limit`: see relabelThreshold. Number() of a
 * comparison compiles to no branch, which chance would mislead.
 */
function placeUsers(masks: Int32Array, words: Int32Array, from: number, to: number, keys: Int32Array, limit: number): void {
  // Unsigned numbers are in the order of signed ones with the first bit flipped.
  const signedLimit = limit ^ SIGN;
  for (let b = 0; b < masks.length; b++) {
    const key = keys[b]!;
    let mask = 0;
    for (let user = to - 1; user >= from; user--) {
      // mix32 of split.ts, spelt out.
      let x = (words[user]! + key) | 0;
      x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
      x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
      x = x ^ (x >>> 16) ^ SIGN;
      mask = (mask << 1) | Number(x < signedLimit);
    }
    masks[b] = mask;
  }
}

/** For each eight of the users: the sums over every subset of them, row by row in the order of the subsets' bits. */
function fillSubsets(subsets: Float64Array, columns: readonly Float64Array[], from: number, to: number): void {
  const width = columns.length;
  for (let byte = 0; byte < USERS_A_WORD / USERS_A_BYTE; byte++) {
    const base = 256 * byte * width;
    for (let bit = 0; bit < USERS_A_BYTE; bit++) {
      const user = from + USERS_A_BYTE * byte + bit;
      // Subsets with this user are those without, which are there already, and the user.
      const [known, first] = [base, base + (1 << bit) * width];
      for (let c = 0; c < width; c++) {
        const value = user < to ? columns[c]![user]! : 0;
        for (let i = c; i < (1 << bit) * width; i += width) subsets[first + i] = subsets[known + i]! + value;
      }
    }
  }
}

function addSubsets(sums: Float64Array, subsets: Float64Array, masks: Int32Array, width: number): void {
  let at = 0;
  for (let b = 0; b < masks.length; b++) {
    const mask = masks[b]!;
    let first = (mask & 255) * width;
    let second = (256 + ((mask >>> 8) & 255)) * width;
    let third = (512 + ((mask >>> 16) & 255)) * width;
    let fourth = (768 + (mask >>> 24)) * width;
    for (let c = 0; c < width; c++) sums[at++]! += subsets[first++]! + subsets[second++]! + subsets[third++]! + subsets[fourth++]!;
  }
}

/** Of one feature, after those of the true placement. */
function rowsOf(first: Float64Array, own: readonly number[], sums: Float64Array, width: number): Float64Array {
  const rows = new Float64Array(COLUMNS * (1 + sums.length / width));
  rows.set(first);
  for (let row = 1, at = 0; at < sums.length; row++, at += width)
    for (let c = 0; c < COLUMNS; c++) rows[COLUMNS * row + c] = sums[at + own[c]!]!;
  return rows;
}
