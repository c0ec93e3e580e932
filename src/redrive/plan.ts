/** Which dead letters are put back, and which are not and why. Pure. */
import { addressText } from '../events/redrive.js';
import type { Letter, SourceFacts } from './letter.js';

/**
 * redriven: its record has been put back already; failed_again: its record was put back and refused again; unknown_source: it does not
 * say where its record lay; bytes_missing: it does not hold all bytes, and neither does the log any more; too_large: with the headers of a
 * redrive its record is larger than its topic takes, which is found out when it is made.
 */
export const SKIP_REASONS = ['redriven', 'failed_again', 'unknown_source', 'bytes_missing', 'too_large'] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

export interface PlanOptions {
  /** At most so many, the oldest of each topic and partition first. */
  readonly max: number;
  /** Those too that were put back and refused again. */
  readonly again: boolean;
}

export interface Planned {
  readonly letter: Letter;
  /** Unix ms; undefined: the log no longer has the refused record, and its time is not known. */
  readonly timestampMs: number | undefined;
}

export interface RedrivePlan {
  readonly send: readonly Planned[];
  readonly skipped: Readonly<Record<SkipReason, number>>;
  /** Beyond `max`. */
  readonly left: number;
}

export function planRedrive(letters: readonly Letter[], facts: SourceFacts, { max, again }: PlanOptions): RedrivePlan {
  const skipped: Record<SkipReason, number> = { redriven: 0, failed_again: 0, unknown_source: 0, bytes_missing: 0, too_large: 0 };
  const send: Planned[] = [];
  let left = 0;
  for (const letter of letters) {
    const source = letter.source === null ? undefined : facts.sources.get(addressText(letter.source));
    const reason = reasonToSkip(letter, source?.same === true, facts, again);
    if (reason !== undefined) skipped[reason]++;
    else if (send.length >= max) left++;
    else send.push({ letter, timestampMs: source?.same === true ? source.timestampMs : undefined });
  }
  return { send, skipped, left };
}

function reasonToSkip(letter: Letter, sourceHolds: boolean, { redriven, partitions }: SourceFacts, again: boolean): SkipReason | undefined {
  if (letter.source === null || letter.source.partition >= (partitions.get(letter.source.topic) ?? 0)) return 'unknown_source';
  if (redriven.has(addressText(letter.source))) return 'redriven';
  if (letter.redriveCount > 0 && !again) return 'failed_again';
  return letter.hash === null && !sourceHolds ? 'bytes_missing' : undefined;
}
