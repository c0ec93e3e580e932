/** The users of a look who are compared, in columns. */
import { armOf, type Split } from './split.js';
import type { RolloutUsers } from './users.js';

export interface Population {
  readonly split: Split;
  readonly size: number;
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

/** Those of `users` whom the split places in an arm; only of `rows` when these are given. */
export function populationOf(users: RolloutUsers, split: Split, rows?: readonly number[]): Population {
  const { u, words, range } = users;
  const candidates = rows ?? Array.from(u, (_, row) => row);
  const compared = candidates.filter((row) => armOf(split, u[row]!) !== 'neither');
  const column = (values: Float64Array): Float64Array => Float64Array.from(compared, (row) => values[row]!);
  return {
    split,
    size: compared.length,
    words: Int32Array.from(compared, (row) => words[row]!),
    treated: Uint8Array.from(compared, (row) => (armOf(split, u[row]!) === 'treated' ? 1 : 0)),
    m: column(users.m),
    x: column(users.x),
    n: column(users.n),
    y: column(users.y),
    misplaced: compared.reduce((sum, row) => sum + users.misplaced[row]!, 0),
    range,
  };
}
