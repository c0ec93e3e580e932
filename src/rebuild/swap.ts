/**
 * The last step of a rebuild: the new generation becomes the live one, by this process where nobody runs on the data directory, else
 * by the one that does.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { TipstreamError } from '../errors.js';
import type { FaultHook } from '../fault-points.js';
import { lockData, type DataLock } from '../store/directory/data-lock.js';
import { currentGeneration, flipCurrent, generationPath } from '../store/directory/layout.js';
import { positionsOf, type Positions } from '../store/queries/profiles.js';
import { forgetSwap, requestSwap, swapAnswer, withdrawSwap } from '../store/directory/swap-request.js';
import { syncDirectory } from '../store/directory/write-whole.js';
import type { PartitionOutcome } from './partition-job.js';

export interface SwapOptions {
  readonly dataDirectory: string;
  /** The new one's name. */
  readonly generation: string;
  readonly featureSet: string;
  /** Takes every partition to its end; for a process that has the directory to itself. */
  readonly finish: () => Promise<readonly PartitionOutcome[]>;
  /** Why the owner may not be asked; undefined when it may. */
  readonly notByOwner?: TipstreamError | undefined;
  /** How long the owner may take to answer. */
  readonly waitMs: number;
  readonly clock: () => number;
  readonly signal: AbortSignal;
  readonly onNote: (text: string) => void;
  readonly at?: FaultHook | undefined;
}

export interface Swapped {
  readonly by: 'rebuild' | 'owner';
  readonly positions: Positions;
}

const POLL_MS = 50;
const LOOK_FOR_OWNER_MS = 1_000;

/** Throws data_in_use, timeout, what the owner answered, and the signal's reason; the old generation is live then. */
export async function swap(options: SwapOptions): Promise<Swapped> {
  const lock = tryLockData(options);
  if (lock !== undefined) return swapHere(options, lock);
  if (options.notByOwner !== undefined) throw options.notByOwner;
  return askOwner(options);
}

function tryLockData({ dataDirectory, clock }: SwapOptions): DataLock | undefined {
  try {
    return lockData(dataDirectory, clock());
  } catch (error) {
    if (error instanceof TipstreamError && error.code === 'data_in_use') return undefined;
    throw error;
  }
}

async function swapHere({ dataDirectory, generation, finish, signal, at }: SwapOptions, lock: DataLock): Promise<Swapped> {
  try {
    const outcomes = await finish();
    signal.throwIfAborted();
    syncDirectory(generationPath(dataDirectory, generation));
    at?.('swap: before flip');
    flipCurrent(dataDirectory, generation);
    at?.('swap: after flip');
    return { by: 'rebuild', positions: positionsOf(new Map(outcomes.map(({ partition, positions }) => [partition, positions]))) };
  } finally {
    lock.release();
  }
}

async function askOwner(options: SwapOptions): Promise<Swapped> {
  const { dataDirectory, generation, featureSet, waitMs, clock, signal, onNote, at } = options;
  const id = randomUUID();
  requestSwap(dataDirectory, { id, generation, feature_set: featureSet, pid: process.pid, requested_at_ms: clock() });
  at?.('swap: requested');
  try {
    const deadline = performance.now() + waitMs;
    let withdrawn = false;
    for (let look = performance.now() + LOOK_FOR_OWNER_MS; ; ) {
      const answer = swapAnswer(dataDirectory, id);
      if (answer?.ok === true) return { by: 'owner', positions: answer.positions };
      if (answer !== undefined) throw refusedByOwner(answer.error);
      if (withdrawn || performance.now() > deadline + waitMs) throw ended(options);
      if (performance.now() >= look) {
        look = performance.now() + LOOK_FOR_OWNER_MS;
        const lock = tryLockData(options);
        if (lock !== undefined) return await afterOwner(options, id, lock, onNote);
      }
      // What the owner has claimed it will answer, one way or the other.
      if (signal.aborted || performance.now() > deadline) withdrawn = withdrawSwap(dataDirectory);
      if (!withdrawn) await delay(POLL_MS);
    }
  } finally {
    forgetSwap(dataDirectory);
  }
}

/** The owner has gone. It may have swapped before. */
async function afterOwner(options: SwapOptions, id: string, lock: DataLock, onNote: (text: string) => void): Promise<Swapped> {
  const { dataDirectory, generation } = options;
  const answer = swapAnswer(dataDirectory, id);
  if (answer?.ok === true || currentGeneration(dataDirectory) === generation) {
    lock.release();
    return { by: 'owner', positions: answer?.positions ?? {} };
  }
  withdrawSwap(dataDirectory);
  onNote('the process that ran on the data directory has ended: swapping without it');
  return swapHere(options, lock);
}

function ended({ signal, waitMs }: SwapOptions): unknown {
  if (signal.aborted) return signal.reason;
  return new TipstreamError(
    'timeout',
    `the process that runs on the data directory has not taken over the new generation within ${waitMs / 1000} s`,
    {
      hint:
        'See its log for what it was doing. The new generation is kept and the live state is as it was: ' +
        'run `tipstream rebuild` again, or stop that process first.',
    },
  );
}

function refusedByOwner(
  error: { readonly code: TipstreamError['code']; readonly message: string; readonly hint?: string } | undefined,
): TipstreamError {
  const { code, message, hint } = error ?? { code: 'internal' as const, message: 'no reason given' };
  return new TipstreamError(code, `the process that runs on the data directory did not take over the new generation: ${message}`, {
    ...(hint === undefined ? {} : { hint }),
  });
}
