/**
 * What policies cost: a decision in this process, POST /score at 500 requests a second against the real service on the embedded log,
 * `tipstream simulate`, and what is kept of them on disk and in memory. Ratios are between rows of the same run.
 */
import { decisionHistory, type DecisionHistory } from './decision-history.js';
import { httpLoad, WARM_UP_SECONDS } from './http-load.js';
import type { Percentiles } from './latencies.js';
import type { Usage } from './measured-process.js';
import { policyMemory, type PolicyMemory } from './policy-memory.js';
import { scoring, SIZES, type ScoringEffort, type ScoringRow } from './scoring.js';
import { startService } from './service.js';
import { simulation, type Simulation } from './simulation.js';

export interface PoliciesSize extends ScoringEffort {
  /** In the log and the state files before anything is measured. */
  readonly decisions: number;
  /** About. */
  readonly simulatedDecisions: number;
  /** Of each HTTP measurement. */
  readonly seconds: number;
  readonly partitions: number;
}

export interface HttpRow {
  readonly name: string;
  readonly latencies: Percentiles;
  /** Of the service, all its threads, for each request of the measurement and of its warm-up; null where the system does not say. */
  readonly cpuMs: number | null;
}

export interface Policies {
  readonly scoring: readonly ScoringRow[];
  readonly history: { readonly users: number; readonly decisions: number };
  readonly http: readonly HttpRow[];
  /** Of the services behind the HTTP rows: without a shadow, and with one. */
  readonly services: readonly Usage[];
  readonly simulation: Simulation;
  readonly memory: PolicyMemory;
}

export const HTTP_PER_SECOND = 500;
const [FEW, MANY] = SIZES;
const LIVE = '/score';
/** The one that computes and records the most. */
const HEAVIEST = '/score/linucb';

/** `say` is told what is being measured. */
export async function policies(size: PoliciesSize, say: (what: string) => void): Promise<Policies> {
  say('scores in process');
  const rows = scoring(size);
  say('simulate');
  const simulated = await simulation(size.simulatedDecisions);
  say(`a history of ${size.decisions} decisions`);
  const history = await decisionHistory({ ...size, candidates: FEW });
  try {
    const memory = await policyMemory(history.data);
    say('POST /score');
    const alone = await scored(
      history,
      size.seconds,
      'alone',
      [],
      [
        { path: LIVE, candidates: FEW, request: 'score' },
        { path: LIVE, candidates: FEW, request: 'decide' },
        { path: HEAVIEST, candidates: MANY, request: 'score' },
        { path: HEAVIEST, candidates: MANY, request: 'decide' },
      ],
    );
    const beside = await scored(
      history,
      size.seconds,
      'shadow',
      ['--shadow', 'egreedy-v2'],
      [{ path: LIVE, candidates: FEW, request: 'decide' }],
    );
    return {
      scoring: rows,
      history: { users: history.users.length, decisions: history.decisions },
      http: [...alone.rows, ...beside.rows],
      services: [alone.usage, beside.usage],
      simulation: simulated,
      memory,
    };
  } finally {
    await history.remove();
  }
}

interface ScoreLoad {
  readonly path: string;
  readonly candidates: number;
  readonly request: 'score' | 'decide';
}

async function scored(
  { args, users }: DecisionHistory,
  seconds: number,
  name: string,
  more: readonly string[],
  loads: readonly ScoreLoad[],
): Promise<{ rows: HttpRow[]; usage: Usage }> {
  const service = await startService([...args, ...more]);
  try {
    const rows: HttpRow[] = [];
    for (const [index, load] of loads.entries()) {
      const before = service.cpuSeconds();
      const latencies = await httpLoad({
        address: service.address,
        users,
        name: `${name}-${index}`,
        perSecond: HTTP_PER_SECOND,
        seconds,
        ...load,
      });
      const after = service.cpuSeconds();
      const cpuMs =
        before === null || after === null ? null : ((after - before) * 1_000) / (latencies.count + HTTP_PER_SECOND * WARM_UP_SECONDS);
      rows.push({
        name:
          `POST ${load.path}${load.request === 'decide' ? ' recorded' : ''}, ${load.candidates} ` +
          `candidates${name === 'shadow' ? ', beside a shadow' : ''}`,
        latencies,
        cpuMs,
      });
    }
    return { rows, usage: await service.stop() };
  } finally {
    await service.stop().catch(() => undefined);
  }
}
