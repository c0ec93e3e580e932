import type { searchFiles } from '../forgetting/search-process.js';
import type { Gateway } from '../gateway/gateway.js';
import type { PromptSettings } from '../prompts/choice.js';
import type { Logger } from 'pino';
import type { FaultHook } from '../fault-points.js';
import type { WorkerOptions } from '../consumers/worker/options.js';

/** What the service needs to know, already parsed and checked. */
export interface ServiceOptions extends WorkerOptions {
  readonly dataDirectory: string;
  /** Whether a promotion that has a surely lower reward is taken back; it is unless false. */
  readonly guardrail?: boolean | undefined;
  /** Whether data quality is looked at again and again. Without it, only when somebody asks. */
  readonly quality?: boolean | undefined;
  /** Whether a look stores the first baseline once windows are full. */
  readonly automaticBaseline?: boolean | undefined;
  /** Absent: no gateway, and prompt version v1. */
  readonly generation?: GenerationOptions | undefined;
  /** How long one request waits for the log, ms; LOG_TIMEOUT_MS unless given. */
  readonly logTimeoutMs?: number | undefined;
  /** Unix ms. */
  readonly clock: () => number;
  readonly logger: Logger;
  /** Only tests give it. */
  readonly at?: FaultHook | undefined;
  /** The same: who looks into files for a forgotten user's id. Default: a process. */
  readonly searchFiles?: typeof searchFiles | undefined;
}

export interface GenerationOptions {
  readonly prompts: PromptSettings;
  /** Absent: nobody can generate. */
  readonly gateway?: Gateway | undefined;
}
