/**
 * Which process passes each fault point, and at which of its passings it is killed: the first, and a later one of what it passes more
 * than once. `test/crash` has a suite for each action.
 */
import { FAULT_POINTS, type FaultPoint } from '../../../src/fault-points.js';
import type { CrashAction } from './child.js';

interface Crashes {
  readonly action: CrashAction;
  readonly passings: readonly [1, ...number[]];
}

const killed = (action: CrashAction, ...passings: Crashes['passings']): Crashes => ({ action, passings });

/** `swap` is the owner that goes over to a rebuilt generation, `ask` the rebuild that asks it to. */
export const CRASH_MATRIX: Readonly<Record<FaultPoint, readonly Crashes[]>> = {
  'batch: record decoded': [killed('start', 1, 500)],
  'batch: record folded': [killed('start', 1, 701)],
  'batch: positions written': [killed('start', 1, 12)],
  'batch: tips written': [killed('start', 1, 25)],
  'batch: users written': [killed('start', 1, 40)],
  'batch: counts written': [killed('start', 1, 17)],
  'batch: before commit': [killed('start', 1, 33)],
  'batch: after commit': [killed('start', 1, 4, 52)],
  'publish: before': [killed('start', 1, 9)],
  'publish: under way': [killed('start', 1, 12)],
  'publish: after': [killed('start', 1, 20)],
  'offsets: before commit': [killed('start', 1, 4)],
  'offsets: after commit': [killed('start', 1, 3)],
  'prune: rows deleted': [killed('prune', 1, 4)],
  'prune: after commit': [killed('prune', 1, 5)],
  'rebuild: batch committed': [killed('rebuild', 1, 9)],
  'rebuild: replayed': [killed('rebuild', 1, 2)],
  'rebuild: compared': [killed('rebuild', 1, 2)],
  'move over: copied': [killed('move-over', 1, 2)],
  'move over: begun': [killed('move-over', 1, 2)],
  'move over: users committed': [killed('move-over', 1, 2)],
  'move over: finished': [killed('move-over', 1, 2)],
  'swap: requested': [killed('ask', 1)],
  'swap: held': [killed('swap', 1)],
  'swap: tail folded': [killed('rebuild', 1, 2), killed('swap', 1)],
  'swap: carried over': [killed('rebuild', 1, 2), killed('swap', 1)],
  'swap: before flip': [killed('rebuild', 1), killed('swap', 1)],
  'swap: after flip': [killed('rebuild', 1), killed('swap', 1)],
  'swap: reopened': [killed('swap', 1)],
  'snapshot: copied': [killed('snapshot', 1, 2)],
  'snapshot: filled': [killed('snapshot', 1, 4)],
  'snapshot: before rename': [killed('snapshot', 1, 2)],
  'snapshot: after rename': [killed('snapshot', 1, 2)],
  'forget: held': [killed('forget', 1)],
  'forget: appended': [killed('forget', 1)],
  'forget: applied': [killed('forget', 1)],
  'forget: state rewritten': [killed('forget', 1)],
  'forget: records deleted': [killed('forget', 1)],
  'forget: log rewritten': [killed('forget', 1)],
  'forget: before receipt': [killed('forget', 1)],
};

/** Every crash of one action, as rows for `it.each`. */
export function crashesOf(action: CrashAction): (readonly [point: FaultPoint, passing: number])[] {
  return FAULT_POINTS.flatMap((point) =>
    CRASH_MATRIX[point]
      .filter((crashes) => crashes.action === action)
      .flatMap(({ passings }) => passings.map((passing) => [point, passing] as const)),
  );
}
