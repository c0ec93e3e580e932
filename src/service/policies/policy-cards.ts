/**
 * The model cards of this deployment: of the state held here, of policy.control and of the settings in effect. As `tipstream policies
 * card` makes them, without what documents that somebody gives would add.
 */
import { setImmediate } from 'node:timers/promises';
import { noEvaluation, noSimulation, type Missing } from '../../cards/missing.js';
import { modelCard } from '../../cards/model-card.js';
import { TipstreamError } from '../../errors.js';
import type { PolicySettings } from '../../policies/controls/control.js';
import type { PriorDocument } from '../../policies/controls/prior-settings.js';
import { POLICIES, shadowEventName } from '../../policies/registry.js';
import { trainingCounts, type TrainingCounts } from '../../store/queries/training-counts.js';
import { trainingDataOf } from '../../store/queries/training-data.js';
import type { ControlEvent } from '../../topics.js';
import { inSlices } from './in-slices.js';
import { Recount } from './recount.js';

/** Longer than that nobody waits: the card then says that this is still being counted. */
const COUNTED_WITHIN_MS = 500;

export interface Deployment {
  /** Of the state files held here. */
  readonly paths: readonly string[];
  /** policy.control, newest first. */
  readonly history: readonly ControlEvent[];
  readonly settings: PolicySettings;
  readonly priors: readonly PriorDocument[];
}

interface Made {
  /** What they were made of. */
  readonly counts: readonly TrainingCounts[] | Missing;
  readonly rest: string;
  /** Policy -> Markdown. */
  readonly cards: ReadonlyMap<string, string>;
}

export class PolicyCards {
  readonly #counts: Recount<readonly TrainingCounts[]>;
  readonly #topicPrefix: string;
  #made: Made | undefined;

  constructor(topicPrefix: string, clock: () => number) {
    this.#topicPrefix = topicPrefix;
    this.#counts = new Recount(countTraining, clock);
  }

  /** The card of each policy of the registry, by name. Those of the same facts are made once. */
  async of({ paths, history, settings, priors }: Deployment): Promise<ReadonlyMap<string, string>> {
    const counts = await this.#counts.get(paths, COUNTED_WITHIN_MS).then(({ value }) => value, stillCounting);
    const rest = JSON.stringify([history, settings, priors]);
    if (this.#made?.counts === counts && this.#made.rest === rest) return this.#made.cards;
    const cards = new Map<string, string>();
    for (const policy of POLICIES) {
      const { name } = policy;
      const training =
        'missing' in counts ? counts : trainingDataOf(counts, this.#topicPrefix, { policy: name, shadowName: shadowEventName(name) });
      const [simulation, evaluation] = [noSimulation(name), noEvaluation(name)];
      cards.set(name, modelCard({ policy, training, settings, priors, history, simulation, evaluation }));
      await setImmediate(); // others have their turn
    }
    this.#made = { counts, rest, cards };
    return cards;
  }

  stop(): void {
    this.#counts.stop();
  }
}

const STILL_COUNTING: Missing = { missing: 'The decisions are still being counted.' };

function stillCounting(error: unknown): Missing {
  if (error instanceof TipstreamError && error.code === 'not_ready') return STILL_COUNTING;
  throw error;
}

async function countTraining(paths: readonly string[], signal: AbortSignal): Promise<readonly TrainingCounts[]> {
  const counts: TrainingCounts[] = [];
  const all = function* () {
    for (const path of paths) counts.push(yield* trainingCounts(path));
  };
  await inSlices(all(), signal, () => undefined);
  return counts;
}
