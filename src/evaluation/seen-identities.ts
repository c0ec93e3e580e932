/**
 * Which line each decision was on, for files of millions of lines: 20 bytes of an open-addressed table each, by a hash of which no two
 * texts that anybody has are equal.
 */
import { createHash } from 'node:crypto';

const WORDS = 4;
const FIRST_SLOTS = 1 << 12;

export class SeenIdentities {
  /** Four words of a hash each; a line of 0 is an empty slot. */
  #hashes = new Uint32Array(FIRST_SLOTS * WORDS);
  #lines = new Uint32Array(FIRST_SLOTS);
  #count = 0;

  /** The line on which `identity` was before, or undefined. `line`: 1 or more, kept where it is new. */
  seen(identity: string, line: number): number | undefined {
    if (this.#count * 2 >= this.#lines.length) this.#grow();
    const digest = createHash('sha256').update(identity).digest();
    const words = [digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8), digest.readUInt32LE(12)];
    const slot = this.#slotOf(words);
    if (this.#lines[slot] !== 0) return this.#lines[slot];
    this.#put(slot, words, line);
    this.#count++;
    return undefined;
  }

  /** Where it is, or would be. */
  #slotOf(words: ArrayLike<number>): number {
    const mask = this.#lines.length - 1;
    let slot = words[0]! & mask;
    while (this.#lines[slot] !== 0 && !this.#holds(slot, words)) slot = (slot + 1) & mask;
    return slot;
  }

  #holds(slot: number, words: ArrayLike<number>): boolean {
    for (let i = 0; i < WORDS; i++) if (this.#hashes[slot * WORDS + i] !== words[i]) return false;
    return true;
  }

  #put(slot: number, words: ArrayLike<number>, line: number): void {
    for (let i = 0; i < WORDS; i++) this.#hashes[slot * WORDS + i] = words[i]!;
    this.#lines[slot] = line;
  }

  #grow(): void {
    const [hashes, lines] = [this.#hashes, this.#lines];
    this.#hashes = new Uint32Array(hashes.length * 2);
    this.#lines = new Uint32Array(lines.length * 2);
    for (const [old, line] of lines.entries()) {
      if (line === 0) continue;
      const words = hashes.subarray(old * WORDS, (old + 1) * WORDS);
      this.#put(this.#slotOf(words), words, line);
    }
  }
}
