/** A rebuild of one user, as the service's jobs and HTTP answer it. */
import type { UserRebuild } from './rebuilt-profile.js';

export interface RebuildJob {
  readonly job_id: string;
  readonly user_id: string;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  /** Nothing is changed, whatever is found. */
  readonly dry_run: boolean;
  /** In offsets of the log; `total` grows with the log, and is null before it is known. */
  readonly progress: { readonly done: number; readonly total: number | null };
  readonly started_at_ms: number;
  /** When it is done. */
  readonly result?: UserRebuild | undefined;
  /** When it failed. */
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string | undefined } | undefined;
}
