/**
 * Of the partitions of one thread, one at a time applies a large batch. Two at the same time would end no earlier and need twice the
 * memory. While a partition waits its next batch grows, and the larger a batch is, the less each of its records costs.
 */
export class Turns {
  #holder: Turn | undefined;
  /** In the order in which they asked. */
  readonly #waiting = new Set<Turn>();

  /** For one partition. `wake`: called when it is to ask again; false: it will not. */
  turn(wake: () => boolean): Turn {
    return new Turn(this, wake);
  }

  take(turn: Turn): boolean {
    if (this.#holder === turn) return true;
    const [first] = this.#waiting;
    if (this.#holder === undefined && (first === undefined || first === turn)) {
      this.#waiting.delete(turn);
      this.#holder = turn;
      turn.isCalled = false;
      return true;
    }
    this.#waiting.add(turn);
    return false;
  }

  leave(turn: Turn): void {
    const heldUp = this.#holder === turn || this.#waiting.has(turn);
    this.#waiting.delete(turn);
    turn.isCalled = false;
    if (this.#holder === turn) this.#holder = undefined;
    if (!heldUp || this.#holder !== undefined) return;
    for (const next of this.#waiting) {
      next.isCalled = true;
      if (next.wake()) return;
      next.isCalled = false;
      this.#waiting.delete(next);
    }
  }
}

export class Turn {
  /** It was woken, and has not asked again. */
  isCalled = false;

  constructor(
    private readonly turns: Turns,
    readonly wake: () => boolean,
  ) {}

  /** false: another partition has it, or comes first. */
  take(): boolean {
    return this.turns.take(this);
  }

  /** Gives it back, or no longer waits for it. */
  leave(): void {
    this.turns.leave(this);
  }
}
