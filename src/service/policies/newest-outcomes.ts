/** What became of policies' newest decisions on the partitions held here, gathered so that the service goes on meanwhile. */
import { compareCodePoints } from '../../events/strings.js';
import { decisionFates, type DecisionFate } from '../../store/queries/live-outcomes.js';
import { inSlices } from './in-slices.js';

export interface WantedOutcomes {
  readonly policy: string;
  /** Of decisions requested then or later, Unix ms. */
  readonly fromMs: number;
}

/**
 * By policy, in the order of the requests: the newest `limit` decisions that were served. Throws no_data, state_mismatch and the
 * signal's reason.
 */
export async function newestOutcomes(
  paths: readonly string[],
  wanted: readonly WantedOutcomes[],
  limit: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly DecisionFate[]>> {
  const found = new Map(wanted.map(({ policy, fromMs }) => [policy, { fromMs, newest: new Newest(limit) }]));
  for (const path of paths) {
    await inSlices(decisionFates(path, [...found.keys()]), signal, (some) => {
      for (const fate of some) {
        const { fromMs, newest } = found.get(fate.policy)!;
        if (fate.requestedAtMs >= fromMs) newest.add(fate);
      }
    });
  }
  return new Map([...found].map(([policy, { newest }]) => [policy, newest.inOrder()]));
}

/** Holds at most twice as many as are wanted, so that they are put in order seldom. */
class Newest {
  readonly #limit: number;
  #held: DecisionFate[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(fate: DecisionFate): void {
    this.#held.push(fate);
    if (this.#held.length >= 2 * this.#limit) this.#held = this.inOrder();
  }

  inOrder(): DecisionFate[] {
    return this.#held
      .sort((a, b) => a.requestedAtMs - b.requestedAtMs || compareCodePoints(a.decisionId, b.decisionId))
      .slice(-this.#limit);
  }
}
