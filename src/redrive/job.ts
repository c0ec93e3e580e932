/** A redrive that somebody asked the running service for, and what has come of it. */
import type { ConsumedTopic } from '../topics.js';
import type { RedriveDocument } from './redrive.js';

/** Which dead letters are put back, and how. */
export interface RedriveRequest {
  /** The input; absent: all. */
  readonly topic?: ConsumedTopic | undefined;
  readonly code?: string | undefined;
  /** Unix ms: those that were refused then or later. */
  readonly since_ms?: number | undefined;
  /** TOPIC/PARTITION/OFFSET: that one alone, also if its record was redriven and refused again. */
  readonly dead_letter?: string | undefined;
  /** Of that one: another value; the user_id in it becomes the key. */
  readonly value?: string | undefined;
  /** At most so many; 10,000 unless given. */
  readonly max?: number | undefined;
  /** Records a second; absent: as fast as the log takes them. */
  readonly rate?: number | undefined;
  /** Also records that were redriven and refused again. */
  readonly again?: boolean | undefined;
  /** Nothing is sent: the result says what would be. */
  readonly dry_run: boolean;
}

export interface RedriveJob {
  readonly job_id: string;
  /** stopping: it was told to, and a batch is under way. */
  readonly state: 'running' | 'stopping' | 'done' | 'failed' | 'stopped';
  readonly dry_run: boolean;
  readonly request: RedriveRequest;
  /** looking: offsets of the source topics; sending: records. `total` is null before it is known. */
  readonly progress: { readonly step: 'looking' | 'sending'; readonly done: number; readonly total: number | null };
  /** Records sent, whatever came of the rest. */
  readonly redriven: number;
  readonly started_at_ms: number;
  /** When it is done, or was stopped while it sent. */
  readonly result?: RedriveDocument | undefined;
  /** When it failed. */
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string | undefined } | undefined;
}
