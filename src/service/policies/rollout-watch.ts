/** The looks at one rollout, taken in their order over the state files held here, a piece at a time between the service's answers. */
import type { Epoch } from '../../evaluation/rollouts/epochs.js';
import { judgeLook, type LookState, type LookVerdict } from '../../evaluation/rollouts/judge-look.js';
import { LookSums, placeInRollout } from '../../evaluation/rollouts/look-sums.js';
import { dueLooks, rolloutEpochs } from '../../evaluation/rollouts/rollout-looks.js';
import type { RolloutHistory } from '../../policies/controls/rollout-history.js';
import { inTurns } from '../../in-turns.js';
import { rolloutDecisions } from '../../store/queries/rollout-decisions.js';
import type { ControlEvent } from '../../topics.js';

export interface WatchedFiles {
  /** Paths of the state files held here. */
  readonly files: readonly string[];
  /** policy.control as a partition held here has it. */
  readonly controls: readonly ControlEvent[];
  readonly defaultPolicy: string;
}

/** A look that was taken. */
export interface TakenLook {
  readonly epoch: Epoch;
  readonly verdict: LookVerdict;
}

export class RolloutWatch {
  readonly epochs: readonly Epoch[];
  readonly #history: RolloutHistory;
  #taken = 0;
  #state: LookState | null = null;
  #last: TakenLook | null = null;

  /** @param alpha of a false rollback over the whole rollout, by the looks of this watch */
  constructor(history: RolloutHistory, alpha: number) {
    this.#history = history;
    this.epochs = rolloutEpochs(history, alpha);
  }

  /** null: none was taken yet. */
  get last(): TakenLook | null {
    return this.#last;
  }

  /**
   * Takes those that are due at this stream time and were not taken, in their order, each as of its own time, and ends early when
   * `isOver` says so of one. Throws no_data, state_mismatch and the signal's reason; what was judged by then stands.
   */
  async take(watermarkMs: number, of: WatchedFiles, signal: AbortSignal, isOver: (look: TakenLook) => boolean): Promise<void> {
    const due = dueLooks(this.epochs, watermarkMs).slice(this.#taken);
    const sums = new LookSums(
      due.map(({ look }) => look),
      of,
    );
    if (sums.window === null) return;
    for (const path of of.files) await inTurns(sums.addPieces(rolloutDecisions(path, sums.window)), signal);
    const placeOf = placeInRollout(this.#history);
    for (const [i, { epoch, look }] of due.entries()) {
      const state = look.index === 0 ? null : this.#state;
      const users = await inTurns(sums.users(i, placeOf), signal);
      const verdict = await inTurns(judgeLook({ epoch, look, users, state }), signal);
      this.#taken++;
      this.#state = verdict.state;
      this.#last = { epoch, verdict };
      if (isOver(this.#last)) return;
    }
  }
}
