/**
 * One partition's state for other feature definitions, from the tip rows of the live file: a consistent copy of it, whose aggregates
 * are then made anew. It works beside the worker that writes the live file, and stands at the positions that file had when the copy
 * was made: what came after is folded as usual.
 */
import { renameSync, rmSync, statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TipstreamError } from '../errors.js';
import type { FaultHook } from '../fault-points.js';
import type { Registry } from '../projections/registry.js';
import { MovingState, progressOf } from '../store/rebuild/moving-state.js';
import { copyFile, holdSnapshot } from '../store/snapshot/state-copy.js';
import type { StateIdentity } from '../store/state-file.js';

export type MoveProgress =
  | { readonly phase: 'copying'; readonly bytes: number; readonly totalBytes: number }
  | { readonly phase: 'recomputing'; readonly users: number; readonly totalUsers: number };

export interface MoveOverOptions {
  /** As of when the cached aggregates are made, Unix ms. */
  readonly nowMs: number;
  /**
   * topic, with its prefix -> the first offset that the log still holds of it in this partition. A file that was begun long ago and
   * stands before one of them is made anew: the log could not bring it up to date.
   */
  readonly lowEnds?: ReadonlyMap<string, number> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called often. */
  readonly onProgress?: ((progress: MoveProgress) => void) | undefined;
  readonly at?: FaultHook | undefined;
}

/**
 * Makes `newPath`, which is then a state file of `registry` with nothing pending for the log: its outbox and its shadow's pending
 * requests are empty, and carryOver brings the outbox of the live file when the two change places. (Decisions not read back yet are in it,
 * and carryOver leaves those alone.) Every user's profile is due to be published.
 *
 * Ended in the middle, by `signal` or by a crash, it goes on from there when it is called again: a half copy is made anew, users done
 * are not done again. A file that is already moved over to `registry` is left as it is. The live file is only read; it must be whole
 * (planSource).
 *
 * Throws the signal's reason, disk_full, state_corrupt when the copy is not whole, invalid_argument when a feature's SQL does not work.
 */
export async function moveOver(
  livePath: string,
  newPath: string,
  identity: StateIdentity,
  registry: Registry,
  options: MoveOverOptions,
): Promise<void> {
  const { signal, onProgress, at, nowMs } = options;
  const target = { ...identity, featureSet: registry.featureSet };
  const found = progressOf(newPath, target, options.lowEnds ?? new Map());
  if (found === 'moved over') return;
  if (found === 'of no use') {
    remove(newPath);
    await copyLive(livePath, newPath, identity, options);
    at?.('move over: copied');
  }
  const moving = new MovingState(newPath, target, registry, nowMs);
  try {
    at?.('move over: begun');
    for (;;) {
      signal?.throwIfAborted();
      const more = moving.step();
      onProgress?.({ phase: 'recomputing', users: moving.done, totalUsers: moving.users });
      if (!more) break;
      at?.('move over: users committed');
      await nextTurn();
    }
    moving.finish();
    at?.('move over: finished');
  } catch (error) {
    moving.close();
    // Going on with a damaged copy would fail for ever.
    if (error instanceof TipstreamError && error.code === 'state_corrupt') remove(newPath);
    throw error;
  }
  moving.close();
}

/** The copy has its name only when it is complete. */
async function copyLive(
  livePath: string,
  newPath: string,
  { featureSet: _, ...identity }: StateIdentity,
  { signal, onProgress }: MoveOverOptions,
): Promise<void> {
  const partial = `${newPath}.copying`;
  remove(partial);
  const source = holdSnapshot(livePath, identity);
  try {
    const totalBytes = statSync(livePath).size;
    await copyFile(source, partial, (bytes) => {
      signal?.throwIfAborted();
      onProgress?.({ phase: 'copying', bytes, totalBytes: Math.max(totalBytes, bytes) });
    });
    renameSync(partial, newPath);
  } catch (error) {
    remove(partial);
    throw error;
  } finally {
    source.close();
  }
}

/** With what SQLite keeps beside it. */
function remove(path: string): void {
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
}
