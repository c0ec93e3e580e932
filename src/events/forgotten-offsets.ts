/** Below which offset of a topic nothing of a forgotten user exists. One partition's, in memory. */
import { userDigest } from './user-digest.js';

interface OfTopic {
  /** The highest of all: from there on no key is looked at. */
  most: number;
  readonly below: Map<string, number>;
}

export class ForgottenOffsets {
  readonly #topics = new Map<string, OfTopic>();

  /** The highest offset of a user and topic counts; answers whether this is higher than what was known. */
  add(digest: string, topic: string, below: number): boolean {
    let known = this.#topics.get(topic);
    if (known === undefined) this.#topics.set(topic, (known = { most: 0, below: new Map() }));
    if (below <= (known.below.get(digest) ?? 0)) return false;
    known.below.set(digest, below);
    known.most = Math.max(known.most, below);
    return true;
  }

  /** Whether the record with that key does not exist any more. */
  hides(topic: string, key: Uint8Array | null, offset: number): boolean {
    const known = this.#topics.get(topic);
    if (known === undefined || key === null || offset >= known.most) return false;
    return offset < (known.below.get(userDigest(key)) ?? 0);
  }

  /** The topics in which anybody was forgotten. */
  get topics(): ReadonlySet<string> {
    return new Set([...this.#topics].filter(([, { most }]) => most > 0).map(([topic]) => topic));
  }
}
