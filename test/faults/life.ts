/** What a process is in a world: how it is started, what it holds, and how it may end. */
import type { Worker } from '../../src/consumers/worker/worker-contract.js';
import type { Service } from '../../src/service/service.js';
import type { FaultPoint } from '../../src/fault-points.js';
import type { SimulatedLog } from './simulated-log.js';

/** The process has died; whoever waits for it stops waiting. */
export class Crash extends Error {}

/** What the simulation proves wrong. */
export class Violation extends Error {}

export interface LifeOptions {
  readonly maxBatchRecords: number;
  readonly maxTaskIdleMs: number;
  readonly shadowLearning: boolean;
  /** undefined: tips are kept for ever. */
  readonly retainMs: number | undefined;
}

export interface Life {
  readonly service: Service;
  readonly log: SimulatedLog;
  readonly workers: Worker[];
}

/** A fault that waits at a point for its turn. */
export interface Armed {
  /** Absent: any point. */
  readonly point?: FaultPoint;
  left: number;
  readonly how: 'crash' | 'error' | 'refuse';
}
