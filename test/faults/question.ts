/** What every check of a world is asked with, and how it says no. */
import { isDeepStrictEqual } from 'node:util';
import type { Random } from '../../src/random.js';
import type { Remains } from '../oracle/prunes.js';
import { type History } from '../support/embedded/history.js';
import type { Ledger } from './ledger.js';
import { Violation } from './life.js';
import type { World } from './world.js';
import { type Workload } from './workload.js';

export interface Question {
  readonly world: World;
  readonly ledger: Ledger;
  readonly workload: Workload;
  readonly random: Random;
}

/** One partition as the log and the prunes that its file records have it. */
export interface Here {
  /** Of tips all that the log has; of sessions and signals what the prunes left. */
  readonly own: History;
  readonly remains: Remains;
  /** undefined: nothing was pruned. */
  readonly horizonMs: number | undefined;
}

export function require(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Violation(what);
}

export function requireSame(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(actual, expected))
    throw new Violation(`${what}:\n  found    ${JSON.stringify(actual)}\n  expected ${JSON.stringify(expected)}`);
}

/** Without the users forgotten below that offset of their partition. */
export const historyOf = ({ world, ledger }: Question, forgottenBelow?: number): History =>
  ledger.history({ livePolicy: world.scoring.livePolicy, settings: world.scoring.settings }, forgottenBelow);
