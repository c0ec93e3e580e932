/** Users of one state file by their uid, a bit for each: uids are given out one after the other, so a million users are 128 KiB. */
export class UidSet {
  #bits = new Uint8Array(1_024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** A whole number from 0. */
  add(uid: number): void {
    const [at, bit] = [Math.floor(uid / 8), 1 << (uid % 8)];
    if (at >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(at + 1, this.#bits.length * 2));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    if ((this.#bits[at]! & bit) !== 0) return;
    this.#bits[at]! |= bit;
    this.#size++;
  }
}
