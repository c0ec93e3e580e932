/** The users of a look who are compared, in columns. */
import { armOf, NEITHER, TREATED, type Split } from './split.js';
import type { RolloutUsers } from './users.js';

export interface Population {
  readonly split: Split;
  readonly size: number;
  /** Where each of them stands among the look's users. */
  readonly rows: Int32Array;
  /** For relabelling. */
  readonly words: Int32Array;
  /** 1: treated, 0: control. */
  readonly treated: Uint8Array;
  /** Decisions before and after, and their rewards in steps above the lowest one. */
  readonly m: Float64Array;
  readonly x: Float64Array;
  readonly n: Float64Array;
  readonly y: Float64Array;
  /** Of all together. */
  readonly misplaced: number;
  /** Steps from the lowest reward to the highest. */
  readonly range: number;
}

/** Those of `users` whom the split places in an arm. */
export function populationOf(users: RolloutUsers, split: Split): Population {
  const { u, misplaced, range } = users;
  const arms = new Int8Array(users.size);
  let size = 0;
  for (let row = 0; row < arms.length; row++) {
    arms[row] = armOf(split, u[row]!);
    if (arms[row] !== NEITHER) size++;
  }
  const rows = new Int32Array(size);
  let [index, misplacedOfAll] = [0, 0];
  for (let row = 0; row < arms.length; row++) {
    if (arms[row] === NEITHER) continue;
    rows[index++] = row;
    misplacedOfAll += misplaced[row]!;
  }
  const treated = new Uint8Array(size);
  for (let user = 0; user < size; user++) treated[user] = arms[rows[user]!] === TREATED ? 1 : 0;
  return { ...columnsOf(users, rows), split, size, rows, treated, misplaced: misplacedOfAll, range };
}

/** Some of the users, by their index in the population. */
export function partOf(population: Population, members: Int32Array): Population {
  const treated = new Uint8Array(members.length);
  for (let user = 0; user < members.length; user++) treated[user] = population.treated[members[user]!]!;
  const rows = members.map((user) => population.rows[user]!);
  return { ...population, ...columnsOf(population, members), size: members.length, rows, treated };
}

type Columns = Pick<Population, 'words' | 'm' | 'x' | 'n' | 'y'>;

function columnsOf({ words, m, x, n, y }: Columns, rows: Int32Array): Columns {
  return { words: rows.map((row) => words[row]!), m: picked(m, rows), x: picked(x, rows), n: picked(n, rows), y: picked(y, rows) };
}

/** Their values, in their order. */
export function picked(values: Float64Array, rows: Int32Array): Float64Array {
  const column = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) column[i] = values[rows[i]!]!;
  return column;
}
