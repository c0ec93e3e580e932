/**
 * The places at which a crash test may end the process. The hook is an argument that only tests give: where it is absent nothing
 * happens, and no variable or option can bring it in. docs/semantics.md tells what each crash leaves.
 */
export const FAULT_POINTS = [
  'batch: record decoded',
  'batch: record folded',
  'batch: positions written',
  'batch: tips written',
  'batch: users written',
  'batch: counts written',
  'batch: before commit',
  'batch: after commit',
  'publish: before',
  'publish: under way',
  'publish: after',
  'offsets: before commit',
  'offsets: after commit',
  'prune: rows deleted',
  'prune: after commit',
  'rebuild: batch committed',
  'rebuild: replayed',
  'rebuild: compared',
  'move over: copied',
  'move over: begun',
  'move over: users committed',
  'move over: finished',
  'swap: requested',
  'swap: held',
  'swap: tail folded',
  'swap: carried over',
  'swap: before flip',
  'swap: after flip',
  'swap: reopened',
  'snapshot: copied',
  'snapshot: filled',
  'snapshot: before rename',
  'snapshot: after rename',
  'forget: held',
  'forget: appended',
  'forget: applied',
  'forget: state rewritten',
  'forget: records deleted',
  'forget: log rewritten',
  'forget: before receipt',
] as const;

export type FaultPoint = (typeof FAULT_POINTS)[number];
export type FaultHook = (point: FaultPoint) => void;
