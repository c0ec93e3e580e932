/**
 * How often the shadow chooses what the live policy chose: counted once a decision, when the second of the two is stored, whichever that
 * is. So the counts are a function of the decisions that are stored, and not of the order in which they came.
 */
import type { CountTable } from './counts.js';

/** `other`: the choice of the one that is there already; undefined: there is none. */
export function countPair(counts: CountTable, chosen: string, other: string | undefined): void {
  if (other === undefined) return;
  counts.add('shadow_compared');
  if (chosen === other) counts.add('shadow_agreed');
}

/** One of the two is replaced by another content: what was chosen before and what is chosen now. */
export function recountPair(counts: CountTable, before: string, now: string, other: string | undefined): void {
  if (other === undefined || (before === other) === (now === other)) return;
  counts.add('shadow_agreed', now === other ? 1 : -1);
}
