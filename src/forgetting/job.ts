/** Forgetting a user as a job: what is asked, and what is answered. */
import type { AuditActor } from '../events/audit-event.js';
import type { Receipt } from './receipt.js';

/** What there is of a user. */
export interface FoundOfUser {
  /** Whether anything of the user was there. Else nothing was written. */
  readonly found: boolean;
  readonly user_digest: string;
  readonly in_state: boolean;
  readonly records: readonly { readonly topic: string; readonly partition: number; readonly records: number }[];
  readonly dead_letter_files: number;
  /** Earlier generations and unfinished rebuilds whose files have the user, or cannot be read. */
  readonly other_generations: readonly string[];
}

/** What was done about it too. */
export interface ForgetResult extends FoundOfUser {
  /** null: nothing was found, or it was a dry run. */
  readonly receipt: Receipt | null;
}

/** As POST /v1/forgets and GET /v1/forgets/{job_id} answer it. It does not name the user. */
export interface ForgetJob {
  readonly job_id: string;
  readonly user_digest: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly dry_run: boolean;
  /** In offsets of the log. */
  readonly progress: { readonly done: number; readonly total: number | null };
  readonly started_at_ms: number;
  readonly result?: ForgetResult | undefined;
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string | undefined } | undefined;
}

export interface ForgetOptions {
  readonly dryRun: boolean;
  readonly reason?: string | undefined;
  readonly by?: AuditActor | undefined;
}
