/** The mode: the key with the highest count. */
import type { CounterReader } from './counter.js';

/** The family's key with the highest count, the first by `compare` among equals; null when nothing was counted. */
export function mostFrequentKey(read: CounterReader, familyId: string, compare: (a: string, b: string) => number): string | null {
  let best: string | null = null;
  let most = 0;
  for (const [key, count] of read.keyed(familyId)) {
    if (count > most || (count === most && best !== null && compare(key, best) < 0)) {
      best = key;
      most = count;
    }
  }
  return best;
}

/** The index 0 to size - 1 with the highest count, the smallest among equals; null when nothing was counted. */
export function mostFrequentIndex(read: CounterReader, names: readonly string[]): number | null {
  let best: number | null = null;
  let most = 0;
  names.forEach((name, index) => {
    const count = read.count(name);
    if (count > most) {
      best = index;
      most = count;
    }
  });
  return best;
}
