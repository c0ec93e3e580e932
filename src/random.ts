/**
 * Repeatable randomness for what is simulated. The generator is xoshiro128** 1.1 (D. Blackman and S. Vigna, "Scrambled linear
 * pseudorandom number generators", 2021), its state filled by the finaliser of MurmurHash3 (A. Appleby) over a Weyl sequence,
 * as in SplitMix (G. Steele, D. Lea, C. Flood, 2014). Not for secrets.
 */

export interface Random {
  /** In [0, 1), on a grid of 2^-32. */
  next(): number;
  /** True with probability `p`. */
  chance(p: number): boolean;
  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number;
  /** One of `items`, which is not empty. */
  pick<T>(items: readonly T[]): T;
  /** One of `items` in proportion to its weight; weights are not negative and not all 0. */
  weighted<T>(items: readonly T[], weightOf: (item: T) => number): T;
  /** Standard normal. */
  normal(): number;
  /** Waiting time until the next event of a Poisson process, in the unit of `mean`. */
  exponential(mean: number): number;
}

const WEYL = 0x9e3779b9;

/** Every (seed, stream) is a sequence of its own, so that one user's events do not depend on how many others there are. */
export function randomStream(seed: number, stream: string): Random {
  const [a, b, c, d] = seedState(seed, stream);
  return fromWords(xoshiro128(a, b, c, d));
}

function mix(word: number): number {
  let z = word;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

function seedState(seed: number, stream: string): [number, number, number, number] {
  // Both halves of the seed count: 2^32 + 1 is not 1.
  let state = mix(seed >>> 0) ^ mix(Math.floor(seed / 2 ** 32) ^ WEYL);
  for (let i = 0; i < stream.length; i++) state = mix((state ^ stream.charCodeAt(i)) + WEYL);
  const word = () => mix((state = (state + WEYL) >>> 0));
  const words: [number, number, number, number] = [word(), word(), word(), word()];
  // The all-zero state is the one from which xoshiro never leaves.
  if (words.every((each) => each === 0)) words[0] = 1;
  return words;
}

function xoshiro128(a: number, b: number, c: number, d: number): () => number {
  const rotate = (x: number, k: number) => (x << k) | (x >>> (32 - k));
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
}

function fromWords(word: () => number): Random {
  const next = () => word() / 2 ** 32;
  const exponential = (mean: number) => -Math.log(1 - next()) * mean;
  return {
    next,
    exponential,
    chance: (p) => next() < p,
    integer: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: (items) => items[Math.floor(next() * items.length)]!,
    weighted(items, weightOf) {
      let left = next() * items.reduce((sum, item) => sum + weightOf(item), 0);
      for (const item of items) if ((left -= weightOf(item)) < 0) return item;
      return items[items.length - 1]!;
    },
    // Box and Muller's method, one of its two results.
    normal: () => Math.sqrt(2 * exponential(1)) * Math.cos(2 * Math.PI * next()),
  };
}
