/** The steps of a rebuild as the page takes them: what differs first, then the confirmation, then what was put right. Pure. */
import { comparedText } from '../format/features.js';
import type { RebuildJob } from '../../service/application.js';

export interface ChangedFeature {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** What the user may do next. */
export type RebuildStep =
  /** Under way: to be watched, and cancelled. */
  | { readonly kind: 'running'; readonly isDryRun: boolean; readonly share: number | null }
  /** A dry run that found differences: to be confirmed. */
  | { readonly kind: 'differs'; readonly changes: readonly ChangedFeature[]; readonly replayed: number }
  | { readonly kind: 'same'; readonly replayed: number }
  | { readonly kind: 'rebuilt'; readonly changes: readonly ChangedFeature[]; readonly replayed: number }
  | { readonly kind: 'cancelled'; readonly isDryRun: boolean }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint: string | undefined };

export function stepOf({ state, dry_run: isDryRun, progress: { done, total }, result, error }: RebuildJob): RebuildStep {
  if (state === 'running') return { kind: 'running', isDryRun, share: total === null ? null : total === 0 ? 1 : Math.min(1, done / total) };
  if (state === 'cancelled') return { kind: 'cancelled', isDryRun };
  if (state === 'failed' || result === undefined)
    return {
      kind: 'failed',
      code: error?.code ?? 'internal',
      message: error?.message ?? 'the job ended without a result',
      hint: error?.hint,
    };
  const changes = result.changed.map((name) => ({
    name,
    before: comparedText(result.before?.[name]),
    after: comparedText(result.after?.[name]),
  }));
  const replayed = result.replayed_events;
  if (changes.length === 0) return isDryRun ? { kind: 'same', replayed } : { kind: 'rebuilt', changes, replayed };
  return isDryRun ? { kind: 'differs', changes, replayed } : { kind: 'rebuilt', changes, replayed };
}
