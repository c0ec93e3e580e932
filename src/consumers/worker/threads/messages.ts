/** What the service's thread and a worker thread say to each other. Everything here can be cloned; errors travel as plain facts. */
import { TipstreamError, type ErrorCode } from '../../../errors.js';
import type { ScoredEvent } from '../../../topics.js';
import type { ScoreCommand } from '../../fold/scorer.js';
import type { KeptOfUser } from '../../../projections/kept/user-rows.js';
import type { Committed, Decided, WorkerStartOptions } from '../worker-contract.js';
import type { RejectedRecord } from '../../fold/reports.js';
import type { PruneReport } from '../pruner.js';
import type { PackedMessages } from './message-packing.js';
import type { PackedDelivery } from './record-packing.js';

/** `worker` numbers one life of one partition in one thread. */
export type Command =
  | { readonly type: 'end' }
  | { readonly type: 'start'; readonly worker: number; readonly start: WorkerStartOptions }
  | { readonly type: 'deliver'; readonly worker: number; readonly delivery: PackedDelivery }
  | { readonly type: 'published'; readonly worker: number; readonly seq: number }
  | { readonly type: 'close'; readonly worker: number }
  | { readonly type: 'decide' | 'preview'; readonly worker: number; readonly call: number; readonly request: ScoreCommand }
  | { readonly type: 'idle' | 'drain' | 'hold' | 'scrub'; readonly worker: number; readonly call: number }
  | { readonly type: 'release'; readonly worker: number }
  | { readonly type: 'forget-to'; readonly worker: number; readonly forgottenTo: number }
  | {
      readonly type: 'replace-kept';
      readonly worker: number;
      readonly call: number;
      readonly userId: string;
      readonly kept: KeptOfUser;
    };

export type Report =
  | { readonly type: 'committed'; readonly worker: number; readonly committed: Omit<Committed, 'outbox'>; readonly outbox: PackedMessages }
  | { readonly type: 'running'; readonly worker: number }
  | { readonly type: 'stopped'; readonly worker: number; readonly error: PlainError }
  | { readonly type: 'rejected'; readonly worker: number; readonly record: RejectedRecord }
  | { readonly type: 'pruned'; readonly worker: number; readonly pruned: PruneReport }
  | { readonly type: 'shadow-failed'; readonly worker: number; readonly decisionId: string; readonly reason: string }
  | {
      readonly type: 'answer';
      readonly call: number;
      readonly result: Decided | ScoredEvent | ReadonlyMap<string, number> | boolean | undefined;
    }
  | { readonly type: 'failure'; readonly call: number; readonly error: PlainError };

export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly stack: string | undefined;
}

export function plainError(error: unknown): PlainError {
  if (error instanceof TipstreamError)
    return { code: error.code, message: error.message, hint: error.hint, details: error.details, stack: error.stack };
  return {
    code: 'internal',
    message: error instanceof Error ? error.message : String(error),
    hint: undefined,
    details: undefined,
    stack: error instanceof Error ? error.stack : undefined,
  };
}

export function errorFrom({ code, message, hint, details, stack }: PlainError): TipstreamError {
  const error = new TipstreamError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
  });
  if (stack !== undefined) error.stack = stack;
  return error;
}
