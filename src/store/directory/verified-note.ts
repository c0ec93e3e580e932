/** `verified.json`: what `verify` found last, for `status` to say how old it is and how far the state has moved on since. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { currentGeneration } from './layout.js';
import { writeWhole } from './write-whole.js';

const count = z.number().int().nonnegative();
const document = z.object({
  /** When verify ended, Unix ms. */
  verified_at_ms: count,
  /** Of the state files that it looked at. */
  outcome: z.enum(['equal', 'differs']),
  as_of_ms: count,
  /** The generation whose files it read. */
  generation: z.string(),
  /** topic -> partition -> next offset. */
  positions: z.record(z.string(), z.record(z.string(), count)),
  /** Partitions without a state file then, of which nothing was proven. */
  partitions_missing: z.array(count),
  /** Users of a sample; null: every user. */
  sample_users: count.nullable(),
  verified_users: count,
  difference_count: count,
  /** Findings that could be called neither equal nor different, and users whose events the log has lost. */
  could_not_tell_count: count,
});

export type Verified = z.infer<typeof document>;

const noteFile = (dataDirectory: string) => join(dataDirectory, 'verified.json');

/** undefined where there is no such note, or none that can be read. */
export function lastVerified(dataDirectory: string): Verified | undefined {
  try {
    return document.parse(JSON.parse(readFileSync(noteFile(dataDirectory), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Takes the place of the one before, whole. Throws disk_full, and what the file system throws. */
export function noteVerified(dataDirectory: string, verified: Omit<Verified, 'generation'>): void {
  const generation = currentGeneration(dataDirectory) ?? '';
  writeWhole(noteFile(dataDirectory), `${JSON.stringify({ ...verified, generation } satisfies Verified)}\n`);
}
