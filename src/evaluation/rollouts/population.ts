/** The users of a look who are compared, in columns. */
import { armOf, NEITHER, TREATED, type Split } from './split.js';
import { userPieces } from './user-pieces.js';
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
  /** Sums of squared steps. */
  readonly xx: Float64Array;
  readonly n: Float64Array;
  readonly y: Float64Array;
  readonly yy: Float64Array;
  /** Of all together. */
  readonly misplaced: number;
  /** Steps from the lowest reward to the highest. */
  readonly range: number;
}

/** Those of `users` whom the split places in an arm. */
export function* populationOf(users: RolloutUsers, split: Split): Generator<void, Population> {
  const { u, misplaced, range } = users;
  const [all, arms] = [new Int32Array(users.size), new Uint8Array(users.size)];
  let [size, misplacedOfAll] = [0, 0];
  for (const { from, to } of userPieces(users.size)) {
    for (let row = from; row < to; row++) {
      const arm = armOf(split, u[row]!);
      if (arm === NEITHER) continue;
      all[size] = row;
      arms[size++] = arm === TREATED ? 1 : 0;
      misplacedOfAll += misplaced[row]!;
    }
    yield;
  }
  const [rows, treated] = [all.slice(0, size), arms.slice(0, size)];
  return { ...(yield* columnsOf(users, rows)), split, size, rows, treated, misplaced: misplacedOfAll, range };
}

/** Some of the users, by their index in the population. */
export function* partOf(population: Population, members: Int32Array): Generator<void, Population> {
  const rows = yield* picked(population.rows, members);
  const treated = yield* picked(population.treated, members);
  return { ...population, ...(yield* columnsOf(population, members)), size: members.length, rows, treated };
}

type Columns = Pick<Population, 'words' | 'm' | 'x' | 'xx' | 'n' | 'y' | 'yy'>;

function* columnsOf(of: Columns, rows: Int32Array): Generator<void, Columns> {
  return {
    words: yield* picked(of.words, rows),
    m: yield* picked(of.m, rows),
    x: yield* picked(of.x, rows),
    xx: yield* picked(of.xx, rows),
    n: yield* picked(of.n, rows),
    y: yield* picked(of.y, rows),
    yy: yield* picked(of.yy, rows),
  };
}

/** Their values, in their order. */
export function* picked<Column extends Float64Array | Int32Array | Uint8Array>(values: Column, rows: Int32Array): Generator<void, Column> {
  const column = new (values.constructor as new (length: number) => Column)(rows.length);
  for (const { from, to } of userPieces(rows.length)) {
    for (let i = from; i < to; i++) column[i] = values[rows[i]!]!;
    yield;
  }
  return column;
}
