/** Rollouts of nothing on the decisions that a data directory holds. Reads only; the service may run meanwhile. */
import { setImmediate } from 'node:timers/promises';
import { aaTest, type AaOptions, type AaResult } from '../evaluation/aa-test/aa-test.js';
import { DecisionOdds } from '../evaluation/aa-test/decision-odds.js';
import { DecisionLog } from '../evaluation/rollouts/decision-log.js';
import { inTurns } from '../in-turns.js';
import { rewardRangeOf } from '../policies/controls/reward-rules.js';
import type { Registry } from '../projections/registry.js';
import { stateFiles, type StateSource } from '../store/directory/state-files.js';
import { decisionOdds } from '../store/queries/decision-odds.js';
import { LoggedDecisions } from '../store/queries/logged-decisions.js';
import { rolloutDecisions } from '../store/queries/rollout-decisions.js';

export interface AaHere extends AaResult {
  /** Partitions whose decisions were not read, ascending: other members of the group hold them. */
  readonly partitions_missing: readonly number[];
}

export interface AaHereOptions extends AaOptions {
  readonly state: StateSource;
  readonly registry: Registry;
  readonly signal: AbortSignal;
  /** `done` of `rollouts`; null: decisions are being read. */
  readonly onProgress?: (progress: { readonly done: number | null; readonly decisions: number }) => void;
}

const EVER = { fromMs: 0, toMs: Infinity };

/** Throws no_data where there are too few days, state_mismatch, state_incomplete and the signal's reason. */
export async function aaTestHere({ state, registry, signal, onProgress, ...options }: AaHereOptions): Promise<AaHere> {
  const present = stateFiles(state, registry);
  const [decisions, odds] = [new DecisionLog(), new DecisionOdds()];
  const others = async (): Promise<void> => {
    onProgress?.({ done: null, decisions: decisions.decisions });
    await setImmediate();
    signal.throwIfAborted();
  };
  const controls = [];
  for (const path of present.files.values()) {
    const file = new LoggedDecisions(path, registry.featureSet);
    controls.push(...file.controls());
    file.close();
    for (const piece of rolloutDecisions(path, EVER)) {
      for (const decision of piece.decisions) decisions.add(decision);
      await others();
    }
    for (const piece of decisionOdds(path)) {
      for (const one of piece) odds.add(one);
      await others();
    }
  }
  const steps = aaTest({ decisions, odds, range: rewardRangeOf(controls) }, options);
  const result = await inTurns(steps, signal, (done) => onProgress?.({ done, decisions: decisions.decisions }));
  return { ...result, partitions_missing: present.missing };
}
