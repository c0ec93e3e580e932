/** Whole numbers from 0 on, a bit each. */
export class BitSet {
  #words = new Uint32Array(64);
  #size = 0;
  /** Where `take` goes on. */
  #next = 0;

  get size(): number {
    return this.#size;
  }

  add(number: number): void {
    const word = number >>> 5;
    if (word >= this.#words.length) this.#grow(word);
    const before = this.#words[word]!;
    const after = before | (1 << (number & 31));
    if (after >>> 0 === before) return;
    this.#words[word] = after;
    this.#size++;
  }

  /** 1 to `last`. */
  addUpTo(last: number): void {
    for (let number = 1; number <= last; number++) this.add(number);
  }

  delete(number: number): void {
    const before = this.#words[number >>> 5] ?? 0;
    const after = before & ~(1 << (number & 31));
    if (after >>> 0 === before) return;
    this.#words[number >>> 5] = after;
    this.#size--;
  }

  clear(): void {
    this.#words.fill(0);
    this.#size = 0;
  }

  /** Takes up to `limit` out: upwards from behind those that were taken last, and from 0 on after the greatest. */
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
    return taken;
  }

  #grow(word: number): void {
    const words = new Uint32Array(2 ** Math.ceil(Math.log2(word + 1)));
    words.set(this.#words);
    this.#words = words;
  }
}
