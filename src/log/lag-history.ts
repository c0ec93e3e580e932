/** What was seen of each partition of each topic over the last minute, for rates and for partitions that stand still. */
import type { OffsetsSeen } from './lag.js';

const KEPT_MS = 60_000;
/** Looks that follow each other faster than this replace each other: whoever asks often must not fill memory. */
const APART_MS = 1_000;

export class LagHistory {
  readonly #seen = new Map<string, OffsetsSeen[]>();

  /** Remembers a look; answers what was seen up to it, the oldest first. */
  add(topic: string, partition: number, now: OffsetsSeen): readonly [...OffsetsSeen[], OffsetsSeen] {
    const key = `${topic}/${partition}`;
    const kept = (this.#seen.get(key) ?? []).filter(({ atMs }) => atMs >= now.atMs - KEPT_MS && atMs <= now.atMs);
    const before = kept.at(-2);
    if (before !== undefined && kept.at(-1)!.atMs - before.atMs < APART_MS) kept.pop();
    this.#seen.set(key, [...kept, now]);
    return [...kept, now];
  }
}
