/** The rewards of policies' newest decisions on the partitions held here, gathered so that the service goes on meanwhile. */
import { compareCodePoints } from '../events/strings.js';
import { decisionRewards, type EarnedReward } from '../store/decision-rewards.js';
import { inSlices } from './in-slices.js';

export interface WantedRewards {
  readonly policy: string;
  /** Of decisions requested then or later, Unix ms. */
  readonly fromMs: number;
}

/** By policy, in the order of the requests: those of the newest `limit` rewarded decisions. Throws no_data, state_mismatch and the signal's reason. */
export async function newestRewards(paths: readonly string[], wanted: readonly WantedRewards[], limit: number, signal: AbortSignal): Promise<ReadonlyMap<string, number[]>> {
  const found = new Map(wanted.map(({ policy, fromMs }) => [policy, { fromMs, newest: new Newest(limit) }]));
  for (const path of paths) {
    await inSlices(decisionRewards(path, [...found.keys()]), signal, (some) => {
      for (const earned of some) {
        const { fromMs, newest } = found.get(earned.policy)!;
        if (earned.requestedAtMs >= fromMs) newest.add(earned);
      }
    });
  }
  return new Map([...found].map(([policy, { newest }]) => [policy, newest.inOrder().map(({ reward }) => reward)]));
}

/** Holds at most twice as many as are wanted, so that they are put in order seldom. */
class Newest {
  readonly #limit: number;
  #held: EarnedReward[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(earned: EarnedReward): void {
    this.#held.push(earned);
    if (this.#held.length >= 2 * this.#limit) this.#held = this.inOrder();
  }

  inOrder(): EarnedReward[] {
    return this.#held.sort((a, b) => a.requestedAtMs - b.requestedAtMs || compareCodePoints(a.decisionId, b.decisionId)).slice(-this.#limit);
  }
}
