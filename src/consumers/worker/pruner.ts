/**
 * When a partition forgets old tips: in the worker's spare time, first when it has caught up after opening and then daily, a slice of
 * users at a time, each slice a transaction, so that what arrives meanwhile waits for one slice at most. A slice that took something
 * is recorded with the positions at which it did.
 */
import type { FaultHook } from '../../fault-points.js';
import type { Registry } from '../../projections/registry.js';
import { DAY_MS } from '../../projections/window.js';
import type { PartitionState } from '../../store/partition-state.js';
import { PRUNED_TIPS, pruneSlice, type SliceLimits, sumOf } from '../fold/prune.js';

/** About 100 ms on a slow core, whether the slice only looks or deletes. */
const SLICE: SliceLimits = { rows: 200_000, tips: 10_000 };
const EVERY_MS = DAY_MS;

export interface PrunerOptions {
  /** Tips are kept for so long after the last of their times; undefined: for ever. */
  readonly retainMs: number | undefined;
  /** Unix ms. */
  readonly clock: () => number;
  readonly at?: FaultHook | undefined;
  readonly limits?: SliceLimits | undefined;
}

/** A pass over all users that took something. */
export interface PruneReport {
  readonly horizonMs: number;
  readonly tips: number;
  /** Of all kinds. */
  readonly rows: number;
}

/** Runs `work` in a transaction of the worker's. */
export type InTransaction = <T>(work: (nowMs: number) => T) => T;

type Pass =
  /** Looking for the times that decide the horizon. */
  | { readonly phase: 'measuring'; readonly nowMs: number; readonly afterUid: number; readonly newestMs: number; readonly oldestMs: number }
  | { readonly phase: 'pruning'; readonly horizonMs: number; readonly afterUser: string; readonly tips: number; readonly rows: number };

export class Pruner {
  readonly #state: PartitionState;
  readonly #registry: Registry;
  readonly #options: PrunerOptions;
  readonly #limits: SliceLimits;
  #pass: Pass | undefined;
  #lastMs: number | undefined;

  constructor(state: PartitionState, registry: Registry, options: PrunerOptions) {
    this.#state = state;
    this.#registry = registry;
    this.#options = options;
    this.#limits = options.limits ?? SLICE;
  }

  /** Whether a pass is under way or due. */
  isDue(): boolean {
    if (this.#options.retainMs === undefined) return false;
    if (this.#pass !== undefined || this.#lastMs === undefined) return true;
    const nowMs = this.#options.clock();
    // The clock was set back: a day from here.
    if (nowMs < this.#lastMs) this.#lastMs = nowMs;
    return nowMs - this.#lastMs >= EVERY_MS;
  }

  /** Goes one step on with the pass, or begins one. Answers what it took when that was its last step and it took anything. */
  step(inTransaction: InTransaction): PruneReport | undefined {
    const nowMs = this.#options.clock();
    this.#lastMs ??= nowMs;
    this.#pass ??= { phase: 'measuring', nowMs, afterUid: -1, newestMs: -1, oldestMs: Infinity };
    const next = this.#pass.phase === 'measuring' ? this.#measure(this.#pass) : this.#prune(this.#pass, inTransaction);
    if ('phase' in next) {
      this.#pass = next;
      return undefined;
    }
    this.#pass = undefined;
    this.#lastMs = nowMs;
    return next.tips + next.rows === 0 ? undefined : next;
  }

  /**
   * Time is counted from the newest event the partition knows where that is behind the clock: old events that are imported or replayed
   * are not too old the moment they come. The clock is the limit for events of the future.
   */
  #measure(pass: Pass & { readonly phase: 'measuring' }): Pass | PruneReport {
    const { users, tips, rows } = this.#state;
    const toUid = users.uidAfterTips(pass.afterUid, this.#limits.rows);
    const to = toUid ?? Number.MAX_SAFE_INTEGER;
    const found = [tips, ...rows.kinds].map((table) => table.lastTimes(pass.afterUid, to)).filter((times) => times !== undefined);
    const newestMs = Math.max(pass.newestMs, ...found.map((times) => times.newestMs));
    const oldestMs = Math.min(pass.oldestMs, ...found.map((times) => times.oldestMs));
    if (toUid !== null) return { ...pass, afterUid: toUid, newestMs, oldestMs };
    const horizonMs = Math.min(pass.nowMs, newestMs) - this.#options.retainMs!;
    return oldestMs < horizonMs ? { phase: 'pruning', horizonMs, afterUser: '', tips: 0, rows: 0 } : { horizonMs, tips: 0, rows: 0 };
  }

  #prune(pass: Pass & { readonly phase: 'pruning' }, inTransaction: InTransaction): Pass | PruneReport {
    const { horizonMs, afterUser } = pass;
    const { toUser, tips, rows } = inTransaction((nowMs) => {
      const slice = pruneSlice(this.#state, this.#registry, horizonMs, afterUser, this.#limits, nowMs);
      if (slice.tips + sumOf(slice.rows) > 0) {
        this.#state.prunes.add({ ...slice, horizonMs, afterUser, positions: this.#state.positions.all(), prunedAtMs: nowMs });
        this.#state.counts.add(PRUNED_TIPS, slice.tips);
        this.#options.at?.('prune: rows deleted');
      }
      return slice;
    });
    if (tips + sumOf(rows) > 0) this.#options.at?.('prune: after commit');
    const sums = { tips: pass.tips + tips, rows: pass.rows + sumOf(rows) };
    return toUser === null ? { horizonMs, ...sums } : { ...pass, ...sums, afterUser: toUser };
  }
}
