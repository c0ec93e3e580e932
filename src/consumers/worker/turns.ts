/**
 * Of the partitions of one thread, one at a time applies a large batch; small ones go on beside it. Two large ones at once would take as
 * long together, with twice as much in memory, and while one waits its next batch grows: the larger, the fewer times a user is read and
 * written for as many records.
 */
export class Turns {
  #holder: Turn | undefined;
  readonly #waiting = new Set<() => void>();

  /** For one partition. `wake` is called, once, when it may ask again. */
  turn(wake: () => void): Turn {
    const turn: Turn = {
      take: () => {
        if (this.#holder === undefined || this.#holder === turn) {
          this.#holder = turn;
          return true;
        }
        this.#waiting.add(wake);
        return false;
      },
      leave: () => {
        if (this.#holder !== turn) return;
        this.#holder = undefined;
        const woken = [...this.#waiting];
        this.#waiting.clear();
        for (const wakeOther of woken) wakeOther();
      },
    };
    return turn;
  }
}

export interface Turn {
  /** false: another partition has it. */
  take(): boolean;
  /** Whether or not it was taken. */
  leave(): void;
}
