/**
 * What an operator chooses and a worker goes by. It is carried whole, from the service to where an option is used: a new one is its line
 * in config.ts, marked `worker`, and its use.
 */
import { WORKER_OPTION_NAMES, type WorkerConfig } from '../../config.js';
import type { ScoringOptions } from '../fold/scorer.js';

export interface WorkerOptions extends Omit<WorkerConfig, 'retain'> {
  /** Tips are kept for so long, ms, after the last of their times; absent: for ever. */
  readonly retain?: number | undefined;
  readonly scoring: ScoringOptions;
}

/** Of options that have more, those of workers alone: they can be cloned. */
export function workerOptions(options: WorkerOptions): WorkerOptions {
  const configured = Object.fromEntries(WORKER_OPTION_NAMES.map((name) => [name, options[name]])) as unknown as WorkerConfig;
  return { ...configured, scoring: options.scoring };
}
