/** Ordered numbers in memory: to find, add and take one costs its place among blocks of some hundreds, however many there are. */
import type { Counters } from '../counters/counters.js';
import { firstAbove, type NumberChanges, type OrderedNumbers, settle, takeChanges } from '../counters/ordered.js';

/** Ascending, and never empty but where there is one block alone. */
interface Block {
  readonly numbers: number[];
  readonly counts: number[];
}

const BLOCK_NUMBERS = 512;

export class HeldNumbers implements OrderedNumbers {
  readonly #blocks: Block[] = [{ numbers: [], counts: [] }];

  count(number: number): number {
    const { numbers, counts } = this.#blocks[this.#blockOf(number)]!;
    const at = firstAbove(numbers, number, true);
    return numbers[at] === number ? counts[at]! : 0;
  }

  above(number: number): readonly [number: number, count: number] | undefined {
    const block = this.#blockOf(number);
    const { numbers } = this.#blocks[block]!;
    return this.#at(block, firstAbove(numbers, number));
  }

  below(number: number): readonly [number: number, count: number] | undefined {
    const block = this.#blockOf(number);
    return this.#at(block, firstAbove(this.#blocks[block]!.numbers, number, true) - 1);
  }

  change(changes: NumberChanges): void {
    for (const [number, by] of changes) if (by !== 0) this.#change(number, by);
  }

  #change(number: number, by: number): void {
    const block = this.#blockOf(number);
    const { numbers, counts } = this.#blocks[block]!;
    const at = firstAbove(numbers, number, true);
    if (numbers[at] !== number) {
      numbers.splice(at, 0, number);
      counts.splice(at, 0, by);
      if (numbers.length > BLOCK_NUMBERS) this.#split(block);
      return;
    }
    counts[at]! += by;
    if (counts[at] !== 0) return;
    numbers.splice(at, 1);
    counts.splice(at, 1);
    if (numbers.length === 0 && this.#blocks.length > 1) this.#blocks.splice(block, 1);
  }

  #split(block: number): void {
    const { numbers, counts } = this.#blocks[block]!;
    const half = numbers.length >> 1;
    this.#blocks.splice(block + 1, 0, { numbers: numbers.splice(half), counts: counts.splice(half) });
  }

  /** The last block that begins with the number or a smaller one; else the first. */
  #blockOf(number: number): number {
    let [low, high] = [0, this.#blocks.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#blocks[middle]!.numbers[0]! <= number) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** `at` may lie one before the block or one behind it. */
  #at(block: number, at: number): readonly [number, number] | undefined {
    const here = this.#blocks[block]!;
    if (at >= 0 && at < here.numbers.length) return [here.numbers[at]!, here.counts[at]!];
    const beside = this.#blocks[at < 0 ? block - 1 : block + 1];
    if (beside === undefined || beside.numbers.length === 0) return undefined;
    const end = at < 0 ? beside.numbers.length - 1 : 0;
    return [beside.numbers[end]!, beside.counts[end]!];
  }
}

/** The numbers of several ordered families. */
export class HeldFamilies {
  readonly #numbers = new Map<string, HeldNumbers>();

  /** Takes the families' numbers out of `counted`, and brings what `counters` say of their medians up to date with them. */
  settle(families: readonly { readonly id: string }[], counted: Counters, counters: Counters): void {
    for (const { id } of families) {
      const changes = takeChanges(counted, id);
      const numbers = this.#numbers.get(id) ?? new HeldNumbers();
      this.#numbers.set(id, numbers);
      settle(counters, id, changes, numbers);
      numbers.change(changes);
    }
  }
}
