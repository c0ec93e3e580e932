/**
 * Examples that are not known yet, by when they will be: a binary heap, since a busy log has thousands waiting for a reaction at any
 * time.
 */

export interface TrainingExample {
  /** Unix ms: decisions requested later know it. */
  readonly knownFromMs: number;
  readonly x: Float64Array | readonly number[];
  readonly reward: number;
}

export class ExampleQueue {
  readonly #heap: TrainingExample[] = [];

  add(example: TrainingExample): void {
    const heap = this.#heap;
    let at = heap.push(example) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.knownFromMs <= example.knownFromMs) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = example;
  }

  /** The example that is known first, if a decision requested at `requestedAtMs` knows it; it is not in the queue any more. */
  takeKnown(requestedAtMs: number): TrainingExample | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.knownFromMs >= requestedAtMs) return undefined;
    const last = heap.pop()!;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  /** Puts `example` in the place of the first. */
  #sink(example: TrainingExample): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.knownFromMs < heap[child]!.knownFromMs) child++;
      if (heap[child]!.knownFromMs >= example.knownFromMs) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = example;
  }
}
