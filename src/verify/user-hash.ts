/** Where a user stands among all users, by hash: which bucket holds their events, and whether a sample takes them. */
import { createHash } from 'node:crypto';

/** A whole number below 2^48; another seed orders users differently. */
export function userHash(seed: string, userId: string): number {
  return createHash('sha256').update(`${seed}|${userId}`, 'utf8').digest().readUIntBE(0, 6);
}

/** FNV-1a over UTF-16 units, spread once more so that its low bits depend on all of them. Unsigned, 32 bits. */
export function bucketHash(userId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < userId.length; i++) hash = Math.imul(hash ^ userId.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/**
 * The `count` smallest hashes of what is added. Users are in the sample when their hash is at most the largest of them, whether or not
 * they were added: so somebody whom the state file has lost altogether can still be in it.
 */
export class SmallestHashes {
  readonly #count: number;
  #hashes: number[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  add(hash: number): void {
    this.#hashes.push(hash);
    if (this.#hashes.length >= 2 * this.#count + 1024) this.#cut();
  }

  /** The largest of them; Infinity when fewer than `count` were added. */
  threshold(): number {
    this.#cut();
    return this.#hashes.length < this.#count ? Infinity : (this.#hashes.at(-1) ?? -1);
  }

  #cut(): void {
    this.#hashes = this.#hashes.sort((a, b) => a - b).slice(0, this.#count);
  }
}
