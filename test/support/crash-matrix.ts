/** Which process passes each fault point, and at which of its passings it is killed: the first, and at least one later. `test/crash` has a suite for each action. */
import type { FaultPoint } from '../../src/fault-points.js';
import type { CrashAction } from './crash-child.js';

interface Crashes {
  readonly action: CrashAction;
  readonly passings: readonly [1, number, ...number[]];
}

export const CRASH_MATRIX = {
  'batch: record decoded': { action: 'start', passings: [1, 500] },
  'batch: record folded': { action: 'start', passings: [1, 701] },
  'batch: positions written': { action: 'start', passings: [1, 12] },
  'batch: tips written': { action: 'start', passings: [1, 25] },
  'batch: users written': { action: 'start', passings: [1, 40] },
  'batch: counts written': { action: 'start', passings: [1, 17] },
  'batch: before commit': { action: 'start', passings: [1, 33] },
  'batch: after commit': { action: 'start', passings: [1, 4, 52] },
  'publish: before': { action: 'start', passings: [1, 9] },
  'publish: under way': { action: 'start', passings: [1, 12] },
  'publish: after': { action: 'start', passings: [1, 20] },
  'offsets: before commit': { action: 'start', passings: [1, 4] },
  'offsets: after commit': { action: 'start', passings: [1, 3] },
  'prune: rows deleted': { action: 'prune', passings: [1, 4] },
  'prune: after commit': { action: 'prune', passings: [1, 5] },
  'snapshot: copied': { action: 'snapshot', passings: [1, 2] },
  'snapshot: filled': { action: 'snapshot', passings: [1, 4] },
  'snapshot: before rename': { action: 'snapshot', passings: [1, 2] },
  'snapshot: after rename': { action: 'snapshot', passings: [1, 2] },
} as const satisfies Partial<Record<FaultPoint, Crashes>>;

export type CrashPoint = keyof typeof CRASH_MATRIX;

/** Every crash of one action, as rows for `it.each`. */
export function crashesOf(action: CrashAction): (readonly [point: CrashPoint, passing: number])[] {
  return Object.entries(CRASH_MATRIX).flatMap(([point, crashes]) => (crashes.action === action ? crashes.passings.map((passing) => [point as CrashPoint, passing] as const) : []));
}
