import { TipstreamError } from '../../errors.js';
import { stateError } from '../../store/state-file.js';
import type { WorkerStartOptions } from './worker-contract.js';

/** What a partition reports when `error` stopped it. */
export function workerError(error: unknown, { path, identity }: WorkerStartOptions): TipstreamError {
  const reported = stateError(path, error);
  if (reported instanceof TipstreamError) return reported;
  return new TipstreamError(
    'internal',
    `partition ${identity.partition} failed: ${error instanceof Error ? error.message : String(error)}`,
    {
      hint: 'Report it: this is a defect of tipstream. The batch was rolled back and the partition stopped.',
      cause: error,
    },
  );
}
