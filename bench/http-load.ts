/**
 * HTTP requests at a steady rate over keep-alive connections, from a thread of its own so that the rest of the benchmark does not
 * delay them.
 */
import { Worker } from 'node:worker_threads';
import type { Pace } from './pace.js';
import { percentiles, type Percentiles } from './latencies.js';

export interface HttpLoad extends Pace {
  /** http://host:port */
  readonly address: string;
  /**
   * profile: reads a user's profile. profiles: those of 100 users. score: nothing is recorded. decide: with a decision_id, so answered
   * when tip.scored has it.
   */
  readonly request: 'profile' | 'profiles' | 'score' | 'decide';
  /** Of score and decide, '/score' (the live policy) unless given. */
  readonly path?: string;
  /** Of each request, CANDIDATES unless given. */
  readonly candidates?: number;
  /** Whom to ask about, in turn. */
  readonly users: readonly string[];
  /** Every decision_id of a load is new; loads have names of their own. */
  readonly name: string;
}

/** Before it is measured, at the same rate. */
export const WARM_UP_SECONDS = 1;

/** From the call to the whole answer read. Throws when any answer is not 200. */
export function httpLoad(load: HttpLoad): Promise<Percentiles> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./http-load-thread.ts', import.meta.url), { workerData: load });
    thread.once('message', (latenciesMs: number[]) => resolve(percentiles(latenciesMs)));
    thread.once('error', reject);
  });
}
