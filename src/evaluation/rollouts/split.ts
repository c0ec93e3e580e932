/** Which users of a rollout are compared with which, and the other ways in which chance might have placed them. */
import { digestOf } from '../../policies/draw.js';

/** By places as of 100: treated from `fromPercent` up to `percent`, control from `controlFromPercent` on; others are left out. */
export interface Split {
  readonly rolloutId: string;
  readonly fromPercent: number;
  readonly percent: number;
  readonly controlFromPercent: number;
}

export const TREATED = 1;
export const CONTROL = 0;
export const NEITHER = -1;
export type Arm = typeof TREATED | typeof CONTROL | typeof NEITHER;

/** With the true placement 2,000 rows, so that each is 1 / 2,000 of alpha. */
export const RELABELLINGS = 1999;

/** By the user's place: see place.ts. */
export function armOf({ fromPercent, percent, controlFromPercent }: Split, u: number): Arm {
  if (u >= controlFromPercent / 100) return CONTROL;
  return u >= fromPercent / 100 && u < percent / 100 ? TREATED : NEITHER;
}

/** Share of the treated among those who are compared, 0 to 1. */
export function treatedShare({ fromPercent, percent, controlFromPercent }: Split): number {
  const treated = percent - fromPercent;
  return treated / (treated + 100 - controlFromPercent);
}

/** In relabelling b a user is treated when `mix32` of (word + key b) is below this. At most 2^32 - 1. */
export function relabelThreshold(split: Split): number {
  return Math.min(2 ** 32 - 1, Math.floor(treatedShare(split) * 2 ** 32));
}

let lastKeys: { readonly rolloutId: string; readonly keys: Int32Array } | undefined;

/** Of relabellings 1 to `count`: the first four bytes of SHA-256 of `ROLLOUT_ID|relabel|b`, as signed 32-bit numbers. */
export function relabelKeys(rolloutId: string, count: number): Int32Array {
  // The looks at one rollout come one after the other.
  if (lastKeys?.rolloutId !== rolloutId || lastKeys.keys.length < count) {
    const key = (_: unknown, i: number): number => parseInt(digestOf(`${rolloutId}|relabel|${i + 1}`).slice(0, 8), 16) | 0;
    lastKeys = { rolloutId, keys: Int32Array.from({ length: count }, key) };
  }
  return lastKeys.keys.subarray(0, count);
}

/** A bijection of 32 bits in which every bit of the argument moves about half of the result's (C. Wellons, "lowbias32", 2018). Signed. */
export function mix32(word: number): number {
  let x = word | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
