/**
 * The life of a partition that is assigned to this member:
 *
 *     opening --(the log tells what it holds)--> checking --(same log)--> restoring --(decisions read back)--> running
 *        |                                          |                         |                                  |
 *        +------------------------------------------+------(an error)---------+----------------------------------+--> stopped
 *
 *     each of them --(revoked, or the one that takes its place has begun)--> closed
 *
 * A file that was made just now has nothing to compare: it goes from opening to restoring. A partition whose file cannot be opened
 * begins and stays stopped. Partition is the only one that goes from one state to another; everybody else reads `life`.
 */
import type { TipstreamError } from '../errors.js';
import type { Delivery } from '../log/port.js';
import type { Worker } from '../consumers/worker/worker-contract.js';
import type { Partition } from './partition.js';

/** Its file is open for reading, and nothing is delivered yet. `before`: what is read from instead, until this one has begun. */
export interface Opening {
  readonly state: 'opening';
  readonly before: Partition | undefined;
}

/** The log is compared with what was applied last. What is delivered meanwhile waits in `early`; `over` resolves in the next state. */
export interface Checking {
  readonly state: 'checking';
  readonly before: Partition | undefined;
  readonly early: Delivery[];
  readonly over: Promise<void>;
}

/** The worker folds, and answers no candidates yet: their answers may still come out of tip.scored. */
export interface Restoring {
  readonly state: 'restoring';
  readonly worker: Worker;
}

export interface Running {
  readonly state: 'running';
  readonly worker: Worker;
}

/** For good, until it is assigned again. Its file, where it could be opened, stays open for reading. */
export interface Stopped {
  readonly state: 'stopped';
  readonly error: TipstreamError;
}

/** Nothing of it is held here any more. */
export interface Closed {
  readonly state: 'closed';
}

export type PartitionLife = Opening | Checking | Restoring | Running | Stopped | Closed;

/** The worker, in the states that have one. */
export function workerOf(life: PartitionLife): Worker | undefined {
  return life.state === 'restoring' || life.state === 'running' ? life.worker : undefined;
}

/** What is read from in place of one that has not begun. */
export function beforeOf(life: PartitionLife): Partition | undefined {
  return life.state === 'opening' || life.state === 'checking' ? life.before : undefined;
}

/** Whether it takes records, or will. */
export function isWorking({ state }: PartitionLife): boolean {
  return state !== 'stopped' && state !== 'closed';
}

/** Whether it is on its way to running. */
export function isStarting(life: PartitionLife): boolean {
  return isWorking(life) && life.state !== 'running';
}

/** As it is told: until it runs, it is restoring. */
export function toldState({ state }: PartitionLife): 'restoring' | 'running' | 'stopped' {
  return state === 'stopped' || state === 'running' ? state : 'restoring';
}
