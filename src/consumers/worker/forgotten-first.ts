/**
 * user.forgotten before all else: while it has not been read to where it is known to go, every other topic waits, and nobody is answered.
 * So nothing that a user has from beyond their forgetting is in the state when that is folded.
 */
import type { MergeQueue } from './merge-queue.js';

export class ForgottenFirst {
  readonly #queue: MergeQueue;
  readonly #topic: string;
  /** What waits meanwhile: all other topics. */
  readonly others: ReadonlySet<string>;
  #thenHold = false;
  /** Exclusive. */
  #to: number;

  /** `end`: where the topic ended at assignment. */
  constructor(queue: MergeQueue, topics: readonly string[], topic: string, end: number) {
    this.#queue = queue;
    this.#topic = topic;
    this.others = new Set(topics.filter((other) => other !== topic));
    this.#to = topics.includes(topic) ? end : 0;
  }

  get isBehind(): boolean {
    return this.#to > 0 && this.#queue.taken(this.#topic) < this.#to;
  }

  /** It is known to go so far. `thenHold`: nothing else is done when that is read, until whoever asks for it says so. */
  reach(to: number, { thenHold }: { readonly thenHold: boolean }): void {
    this.#to = Math.max(this.#to, to);
    this.#thenHold = thenHold;
  }

  /** Whoever asked to hold waits for it no longer. */
  holdNot(): void {
    this.#thenHold = false;
  }

  /** It is read, and somebody asked to hold then; answered once. */
  ends(): boolean {
    const ends = this.#thenHold;
    this.#thenHold = false;
    return ends;
  }
}
