/**
 * Sums what a log would say again and again: the first line of a kind goes out at once, the others of its kind are counted, and the
 * count goes out as one line for each period in which there were any.
 */
export interface RepeatedLinesOptions {
  readonly everyMs: number;
}

interface Kind {
  count: number;
  /** Writes the newest of those that were counted, with how many they are. */
  say: (repeated: number) => void;
  timer: NodeJS.Timeout | undefined;
}

export class RepeatedLines {
  readonly #everyMs: number;
  readonly #kinds = new Map<string, Kind>();

  constructor({ everyMs }: RepeatedLinesOptions) {
    this.#everyMs = everyMs;
  }

  /** Whether the line is to be written; otherwise it is counted, and `say` is called for the newest of its kind when the period ends. */
  isFirst(kind: string, say: (repeated: number) => void): boolean {
    const known = this.#kinds.get(kind);
    if (known !== undefined) {
      known.count++;
      known.say = say;
      return false;
    }
    const begun: Kind = { count: 0, say, timer: undefined };
    this.#kinds.set(kind, begun);
    this.#wait(kind, begun);
    return true;
  }

  /** Writes every count that waits. */
  flush(): void {
    for (const [kind, { timer }] of this.#kinds) {
      clearTimeout(timer);
      this.#say(kind);
    }
    this.#kinds.clear();
  }

  #wait(kind: string, known: Kind): void {
    known.timer = setTimeout(() => {
      if (this.#say(kind)) this.#wait(kind, known);
      else this.#kinds.delete(kind);
    }, this.#everyMs).unref();
  }

  #say(kind: string): boolean {
    const known = this.#kinds.get(kind)!;
    const { count, say } = known;
    known.count = 0;
    if (count > 0) say(count);
    return count > 0;
  }
}
