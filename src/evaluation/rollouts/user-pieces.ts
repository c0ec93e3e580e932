/** All users of a look are many: a piece of them at a time, so that whoever else needs the thread waits a millisecond or two. */

const USERS_AT_ONCE = 8_192;

/** From a user up to, and without, another. */
export interface Piece {
  readonly from: number;
  readonly to: number;
}

/** In their order. Who goes through them yields after each. */
export function* userPieces(size: number): Generator<Piece> {
  for (let from = 0; from < size; from += USERS_AT_ONCE) yield { from, to: Math.min(size, from + USERS_AT_ONCE) };
}
