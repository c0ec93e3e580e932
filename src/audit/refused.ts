/** The refused records of one topic, in the order of their offsets, and which of them have their dead letters. */
export class RefusedRecords {
  readonly #offsets: number[] = [];
  readonly #codes: string[] = [];
  readonly #buried: boolean[] = [];
  #missing = 0;

  /** Ascending by offset. */
  add(offset: number, code: string): void {
    this.#offsets.push(offset);
    this.#codes.push(code);
    this.#buried.push(false);
    this.#missing++;
  }

  get count(): number {
    return this.#offsets.length;
  }

  /** How many have no dead letter, as far as is known. */
  get missing(): number {
    return this.#missing;
  }

  /** Answers whether the record at that offset was refused. */
  has(offset: number): boolean {
    return this.#find(offset) !== undefined;
  }

  /** The record at that offset has its dead letter, if it was refused. */
  bury(offset: number): void {
    const at = this.#find(offset);
    if (at === undefined || this.#buried[at] === true) return;
    this.#buried[at] = true;
    this.#missing--;
  }

  /** Those without a dead letter. */
  *withoutLetter(): Generator<{ readonly offset: number; readonly code: string }> {
    for (const [at, offset] of this.#offsets.entries()) if (this.#buried[at] !== true) yield { offset, code: this.#codes[at]! };
  }

  #find(offset: number): number | undefined {
    let [from, to] = [0, this.#offsets.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#offsets[middle]! < offset) from = middle + 1;
      else to = middle;
    }
    return this.#offsets[from] === offset ? from : undefined;
  }
}
