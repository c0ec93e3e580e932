/** `tipstream simulate` as a process of its own, from its start to its end. */
import type { SimulationResult } from '../src/simulation/simulate.js';
import { MAIN } from './catch-up.js';
import { startNode, type Usage } from './measured-process.js';

export interface Simulation extends Usage {
  readonly users: number;
  /** What every policy, and the oracle, decided once each. */
  readonly decisions: number;
  readonly policies: number;
  readonly tookMs: number;
  readonly decisionsPerSecond: number;
  /** What a million would take at that rate. */
  readonly millionMinutes: number;
}

/** A user of the built-in personas makes about so many decisions in the 60 days. */
const DECISIONS_PER_USER = 550;

/** With the default policies and personas, and as many users as make about `decisions`. */
export async function simulation(decisions: number): Promise<Simulation> {
  const users = Math.max(1, Math.round(decisions / DECISIONS_PER_USER));
  const { stdout, startedAtMs, endedAtMs, usage } = await (await startNode([MAIN, 'simulate', '--users', String(users), '--json']))
    .finished;
  const result = JSON.parse(stdout) as SimulationResult;
  const tookMs = endedAtMs - startedAtMs;
  return {
    users,
    decisions: result.decisions,
    policies: result.policies.length - 1,
    tookMs,
    decisionsPerSecond: Math.round((1_000 * result.decisions) / tookMs),
    millionMinutes: (1e6 * tookMs) / result.decisions / 60_000,
    ...usage,
  };
}
