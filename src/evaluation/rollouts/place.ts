/** Where a user stands in a rollout, and what other placements are made of: a function of the two ids alone. */
import { uniformOf } from '../../policies/draw.js';
import { rolloutDigest } from '../../policies/placement.js';

export interface Place {
  /** In [0, 1): treated are those below the percentage. */
  readonly u: number;
  /** 0 to 2^32 - 1. */
  readonly word: number;
}

/** The word: bytes 8 to 11 of SHA-256 of `ROLLOUT_ID|USER_ID`, whose first 8 bytes are the place. */
export function placeOf(rolloutId: string, userId: string): Place {
  const digits = rolloutDigest(rolloutId, userId);
  return { u: uniformOf(digits), word: parseInt(digits.slice(16, 24), 16) };
}
