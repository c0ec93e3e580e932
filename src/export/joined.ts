/** The point-in-time join: each user's rows of a spine in the order of their times, in one pass over the user's tips. */
import { setImmediate } from 'node:timers/promises';
import type { Registry } from '../projections/registry.js';
import type { ProfileSweep, SweptProfile } from '../store/join/profile-sweep.js';
import type { FeatureValue } from '../projections/feature.js';
import type { RowsOfSpine } from '../store/join/rows-of-spine.js';
import type { UserLookup } from './state-view.js';

export interface JoinOptions {
  readonly registry: Registry;
  readonly lookup: UserLookup;
  readonly signal: AbortSignal;
  readonly onProgress: (rows: number) => void;
}

/** Between these the process sees Ctrl-C. */
const ROWS_AT_ONCE = 500;

/**
 * Answers each row of a user who is known then with the features in the order of their names. Answers how many rows are of users who are
 * not. Throws as_of_pruned, and no_data for a user whose partition is not here.
 */
export async function join(rows: RowsOfSpine, { registry, lookup, signal, onProgress }: JoinOptions): Promise<number> {
  let unknown = 0;
  let done = 0;
  let userId: string | undefined;
  let sweep: ProfileSweep | undefined;
  let last: SweptProfile | undefined;
  let features: readonly FeatureValue[] = [];
  for (const row of rows.byUserAndTime()) {
    if (++done % ROWS_AT_ONCE === 0) {
      await setImmediate();
      signal.throwIfAborted();
      onProgress(done);
    }
    if (row.userId !== userId) {
      userId = row.userId;
      sweep = lookup.sweep(userId);
    }
    const profile = sweep?.at(row.asOfMs);
    if (profile === undefined || !profile.known) {
      unknown++;
      continue;
    }
    if (profile !== last) features = registry.names.map((name) => profile.features[name] ?? null);
    last = profile;
    rows.answer(row.seq, features);
  }
  return unknown;
}
