/** Whole numbers, a bit each. */
export class BitSet {
  #words = new Uint32Array(64);
  #size = 0;
  /** Where `take` goes on. */
  #next = 0;
  /** Those that nothing gives out, but that a file may hold: they would take as many bits. */
  readonly #others = new Set<number>();

  get size(): number {
    return this.#size + this.#others.size;
  }

  add(number: number): void {
    if (!hasBit(number)) {
      this.#others.add(number);
      return;
    }
    const word = number >>> 5;
    if (word >= this.#words.length) this.#grow(word);
    const before = this.#words[word]!;
    const after = before | (1 << (number & 31));
    if (after >>> 0 === before) return;
    this.#words[word] = after;
    this.#size++;
  }

  delete(number: number): void {
    if (!hasBit(number)) {
      this.#others.delete(number);
      return;
    }
    const before = this.#words[number >>> 5] ?? 0;
    const after = before & ~(1 << (number & 31));
    if (after >>> 0 === before) return;
    this.#words[number >>> 5] = after;
    this.#size--;
  }

  clear(): void {
    this.#words.fill(0);
    this.#size = 0;
    this.#others.clear();
  }

  /** Takes up to `limit` of them out. Goes on after the last one taken, upwards, and wraps round. */
  take(limit: number): number[] {
    const taken: number[] = [];
    const bits = this.#words.length * 32;
    while (taken.length < limit && this.#size > 0) {
      const word = this.#words[this.#next >>> 5]! >>> (this.#next & 31);
      if (word === 0) this.#next = ((this.#next >>> 5) + 1) * 32;
      else {
        this.#next += 31 - Math.clz32(word & -word);
        this.delete(this.#next);
        taken.push(this.#next++);
      }
      if (this.#next >= bits) this.#next = 0;
    }
    for (const number of this.#others) {
      if (taken.length === limit) break;
      this.#others.delete(number);
      taken.push(number);
    }
    return taken;
  }

  #grow(word: number): void {
    const words = new Uint32Array(2 ** Math.ceil(Math.log2(word + 1)));
    words.set(this.#words);
    this.#words = words;
  }
}

/** 16 MiB of them. */
const MOST_BITS = 2 ** 27;

function hasBit(number: number): boolean {
  return number >= 0 && number < MOST_BITS;
}
