/** One rollout of nothing: chance places the log's users, and the guardrail and the verdict on a gain look at it as at any rollout. */
import { whyNotComparable } from '../rollout-verdict/words.js';
import { sumsIn, type UserDecisions } from '../rollouts/decision-log.js';
import { epochsOf, type Epoch } from '../rollouts/epochs.js';
import { judgeLook, type LookState, type LookVerdict } from '../rollouts/judge-look.js';
import { HORIZON_MS, looksOf, type Look } from '../rollouts/looks.js';
import { placeOf, type Place } from '../rollouts/place.js';
import type { RewardScale } from '../rollouts/rewards.js';
import { ROLLOUT_THRESHOLDS } from '../rollouts/thresholds.js';
import { RolloutUsers } from '../rollouts/users.js';

export interface RolloutOfNothing {
  readonly rolloutId: string;
  readonly users: readonly UserDecisions[];
  /** That all rewards lie on. */
  readonly scale: RewardScale;
  /** Treated, of the users: from the start, and from a raise on. */
  readonly percents: readonly number[];
  /** Unix ms. */
  readonly startMs: number;
  readonly relabellings: number;
}

export interface Found {
  /** With enough users to decide, at one look at least. */
  readonly decided: boolean;
  readonly rolledBack: boolean;
  readonly gainShown: boolean;
}

/** When the percentage is raised, where it is: two days after the start. */
const RAISED_AFTER_MS = 2 * 86_400_000;

/** Yields several times a look. */
export function* rolloutOfNothing(question: RolloutOfNothing): Generator<void, Found> {
  const { rolloutId, users, percents, startMs, relabellings } = question;
  const places = users.map(({ userId }) => placeOf(rolloutId, userId));
  const steps = percents.map((percent, step) => ({ atMs: startMs + step * RAISED_AFTER_MS, percent }));
  let [decided, gainShown] = [false, false];
  for (const epoch of epochsOf(rolloutId, steps, ROLLOUT_THRESHOLDS.alpha)) {
    let state: LookState | null = null;
    for (const look of looksWithin(epoch, startMs)) {
      const verdict: LookVerdict = yield* judgeLook({ epoch, look, users: usersAt(question, places, look), state, relabellings });
      state = verdict.state;
      decided ||= verdict.rollback.undecided === null;
      gainShown ||= verdict.gain?.better === true;
      // As the guardrail ends it. What a gain would have been said to be later does not matter any more.
      if (verdict.rollback.now && whyNotComparable(verdict.sample) === null) return { decided, rolledBack: true, gainShown };
    }
  }
  return { decided, rolledBack: false, gainShown };
}

/** Of the rollout's two weeks, whose end is the last epoch's horizon. */
function looksWithin({ startMs, endMs }: Epoch, rolloutStartMs: number): Look[] {
  const untilMs = rolloutStartMs + HORIZON_MS;
  return looksOf({ rolloutStartMs, startMs, untilMs: endMs ?? untilMs, horizonMs: untilMs - startMs });
}

function usersAt({ users, scale }: RolloutOfNothing, places: readonly Place[], { before, after, ageMs }: Look): RolloutUsers {
  const known = new RolloutUsers(scale);
  for (const [i, user] of users.entries())
    known.add({ place: places[i]!, before: sumsIn(user, before, ageMs), after: sumsIn(user, after, ageMs) });
  return known;
}
