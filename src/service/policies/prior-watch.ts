/**
 * How well the priors in effect predict newcomers' rewards, on the partitions held here, and a line in the log when one does worse than
 * a constant.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { setPriorAt } from '../../policies/controls/prior-settings.js';
import { rewardRulesIn, rewardTimeline } from '../../policies/controls/reward-rules.js';
import type { PolicyDefinition } from '../../policies/policy.js';
import { NEWCOMER_UPDATES, priorErrors, WATCHED_REWARDS, type Prediction, type PriorErrors } from '../../policies/prior/watch.js';
import { POLICIES } from '../../policies/registry.js';
import { vectorUnder } from '../../policies/revectorise.js';
import { dot } from '../../policies/score.js';
import { recordedVector } from '../../policies/scored-event.js';
import { newcomerRewards, type NewcomerReward } from '../../store/queries/newcomer-rewards.js';
import { sharedControls } from '../../store/queries/shared-controls.js';
import { inSlices } from './in-slices.js';
import { Recount } from './recount.js';

export interface WatchedPrior extends PriorErrors {
  readonly policy: string;
  readonly controlId: string;
}

const COUNTED_WITHIN_MS = 500;

export class PriorWatch {
  readonly #errors: Recount<readonly WatchedPrior[]>;
  readonly #logger: Logger;
  /** control_ids of those that were worse when last looked at. */
  #worse = new Set<string>();

  constructor(logger: Logger, clock: () => number) {
    this.#logger = logger;
    this.#errors = new Recount((paths, signal) => watchedPriors(paths, clock(), signal), clock);
  }

  /** Of the priors in effect, stale ones left out; undefined: still being counted. */
  async of(paths: readonly string[]): Promise<readonly WatchedPrior[] | undefined> {
    return this.#errors.get(paths, COUNTED_WITHIN_MS).then(
      ({ value }) => value,
      () => undefined,
    );
  }

  /** Says in the log which priors have become worse than a constant, and which are no longer. */
  async look(paths: readonly string[]): Promise<void> {
    const priors = paths.length === 0 ? undefined : await this.of(paths);
    if (priors === undefined) return;
    const worse = priors.filter(({ isWorse }) => isWorse === true);
    for (const { policy, controlId, rewards, error, constantError } of worse) {
      if (this.#worse.has(controlId)) continue;
      this.#logger.warn(
        { policy, prior: controlId, rewards, error, constant_error: constantError },
        `the prior of ${policy} predicts newcomers' rewards worse than a constant: \`tipstream policies prior ${policy}\` fits it again`,
      );
    }
    for (const { policy, controlId, isWorse } of priors)
      if (isWorse === false && this.#worse.has(controlId))
        this.#logger.info({ policy, prior: controlId }, `the prior of ${policy} predicts newcomers' rewards better than a constant again`);
    this.#worse = new Set(worse.map(({ controlId }) => controlId));
  }

  stop(): void {
    this.#errors.stop();
  }
}

/** Throws no_data, state_mismatch and the signal's reason. */
export async function watchedPriors(paths: readonly string[], nowMs: number, signal: AbortSignal): Promise<readonly WatchedPrior[]> {
  const [first] = paths;
  const controls = first === undefined ? [] : sharedControls(first);
  const timeline = rewardTimeline(controls);
  const rules = rewardRulesIn(timeline, nowMs);
  const watched: WatchedPrior[] = [];
  for (const policy of POLICIES) {
    const set = setPriorAt(controls, nowMs, policy);
    if (set === null || set.isStale) continue;
    const { theta, controlId } = set.prior;
    const found: { readonly atMs: number; readonly prediction: Prediction }[] = [];
    for (const path of paths) {
      let ofFile = 0;
      await inSlices(
        untilEnough(newcomerRewards(path, set.control.effective_at_ms, NEWCOMER_UPDATES), () => ofFile),
        signal,
        (some) => {
          for (const one of some) {
            const x = isDeepStrictEqual(rewardRulesIn(timeline, one.requestedAtMs), rules) ? vectorOf(policy, one) : undefined;
            if (x === undefined) continue;
            found.push({ atMs: one.requestedAtMs, prediction: { predicted: dot(theta, x), reward: one.reward } });
            ofFile++;
          }
        },
      );
    }
    const newest = found.sort((a, b) => b.atMs - a.atMs).slice(0, WATCHED_REWARDS);
    watched.push({ policy: policy.name, controlId, ...priorErrors(newest.map(({ prediction }) => prediction)) });
  }
  return watched;
}

/** The newest thousand altogether are among the newest thousand of each file. */
function* untilEnough<T>(pieces: Iterable<T>, count: () => number): Generator<T> {
  for (const piece of pieces) {
    yield piece;
    if (count() >= WATCHED_REWARDS) return;
  }
}

/** As the policy recorded it, or as it would have; undefined: the record does not hold what the vector is made of. */
function vectorOf(policy: PolicyDefinition, { event, tipId }: NewcomerReward): readonly number[] | undefined {
  const recorded = recordedVector(event, tipId);
  const x = recorded === undefined || event.policy === policy.name ? recorded : vectorUnder(policy, event, tipId, recorded);
  return x?.length === policy.dimension ? x : undefined;
}
