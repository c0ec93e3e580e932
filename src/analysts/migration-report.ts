/**
 * What a migration does to each user, worked out before it is written or after: how much is carried over, how much set aside, and how
 * the target scores then, on the user's own recorded decisions. Reads only; the service may run meanwhile.
 */
import { setImmediate } from 'node:timers/promises';
import { userOfControl } from '../events/control-user.js';
import { priorAt } from '../policies/controls/prior-settings.js';
import type { PolicyDefinition } from '../policies/policy.js';
import { vectorsUnder } from '../policies/revectorise.js';
import type { Posterior } from '../policies/ridge.js';
import { rankingOf } from '../policies/egreedy.js';
import { dot, posteriorUnder } from '../policies/score.js';
import type { Registry } from '../projections/registry.js';
import { stateFiles, type StateSource } from '../store/directory/state-files.js';
import { LearnedStates } from '../store/queries/learned-states.js';
import type { ControlEvent, ScoredEvent } from '../topics.js';

/** Of one user, or of all together. */
interface MigrationEffect {
  /** Rewarded decisions in the source's state, and in the target's before and after. */
  readonly from_updates: number;
  readonly before_updates: number;
  readonly after_updates: number;
  /**
   * The users' recorded decisions, the newest ten of each at most, scored by both: as the source scores now, and as the target does
   * afterwards.
   */
  readonly compared_decisions: number;
  /** How many of these have another candidate at the top. */
  readonly changed_choices: number;
  /** 0 for block padding. */
  readonly max_score_difference: number;
}

/** One user who has a rewarded decision that is in the target's state before or after. */
export interface MigratedUser extends MigrationEffect {
  readonly user_id: string;
}

export interface MigrationReport extends MigrationEffect {
  readonly users: number;
  /** Partitions whose users are not in it: other members of the group hold them. */
  readonly partitions_missing: readonly number[];
}

export interface MigrationOptions {
  readonly state: StateSource;
  readonly registry: Registry;
  /** All of the log, whether or not they are in the state yet. */
  readonly controls: readonly ControlEvent[];
  /** The one that is to be, or is. */
  readonly control: ControlEvent;
  /** undefined: all users. */
  readonly userId: string | undefined;
  /** Scores are compared with this one's. */
  readonly from: PolicyDefinition;
  readonly into: PolicyDefinition;
  readonly signal: AbortSignal;
  readonly onUser?: (user: MigratedUser) => void;
  readonly onProgress?: (done: number, total: number) => void;
}

const DECISIONS_A_USER = 10;
const USERS_A_TURN = 50;

/** Throws no_data, state_mismatch, state_incomplete, and the signal's reason. */
export async function migrationReport({
  state,
  registry,
  controls,
  control,
  userId: only,
  from,
  into,
  signal,
  onUser,
  onProgress,
}: MigrationOptions): Promise<MigrationReport> {
  const { files, missing } = stateFiles(state, registry);
  const others = controls.filter(({ control_id: id }) => id !== control.control_id);
  const shared = others.filter((one) => userOfControl(one) === null);
  const own = new Map<string, ControlEvent[]>();
  for (const one of others) {
    const user = userOfControl(one);
    if (user !== null) own.set(user, [...(own.get(user) ?? []), one]);
  }
  let report: MigrationReport = {
    users: 0,
    from_updates: 0,
    before_updates: 0,
    after_updates: 0,
    compared_decisions: 0,
    changed_choices: 0,
    max_score_difference: 0,
    partitions_missing: missing,
  };
  for (const path of files.values()) {
    const states = new LearnedStates(path);
    try {
      const learners = states.learners().filter(({ userId }) => only === undefined || userId === only);
      for (const [i, { uid, userId }] of learners.entries()) {
        const user = migratedUser(states, uid, userId, [...shared, ...(own.get(userId) ?? [])], control, from, into);
        if (user.from_updates + user.before_updates + user.after_updates > 0) {
          onUser?.(user);
          report = withUser(report, user);
        }
        if (i % USERS_A_TURN !== USERS_A_TURN - 1) continue;
        onProgress?.(i + 1, learners.length);
        await setImmediate();
        signal.throwIfAborted();
      }
    } finally {
      states.close();
    }
  }
  return report;
}

function withUser(report: MigrationReport, user: MigratedUser): MigrationReport {
  return {
    ...report,
    users: report.users + 1,
    from_updates: report.from_updates + user.from_updates,
    before_updates: report.before_updates + user.before_updates,
    after_updates: report.after_updates + user.after_updates,
    compared_decisions: report.compared_decisions + user.compared_decisions,
    changed_choices: report.changed_choices + user.changed_choices,
    max_score_difference: Math.max(report.max_score_difference, user.max_score_difference),
  };
}

function migratedUser(
  states: LearnedStates,
  uid: number,
  userId: string,
  others: readonly ControlEvent[],
  control: ControlEvent,
  from: PolicyDefinition,
  into: PolicyDefinition,
): MigratedUser {
  const atMs = control.effective_at_ms;
  const source = states.stateOf(uid, others, from, atMs);
  const before = states.stateOf(uid, others, into, atMs);
  const after = states.stateOf(uid, [...others, control], into, atMs);
  const sourceScores = scorer(from, posteriorUnder(from, source, priorAt(others, atMs, from)));
  const targetScores = scorer(into, posteriorUnder(into, after, priorAt(others, atMs, into)));
  let [compared, changed, largest] = [0, 0, 0];
  for (const decision of states.newestDecisions(uid, DECISIONS_A_USER)) {
    const [a, b] = [sourceScores(decision), targetScores(decision)];
    if (a === undefined || b === undefined) continue;
    compared++;
    if (rankingOf(a)[0] !== rankingOf(b)[0]) changed++;
    for (const [i, score] of a.entries()) largest = Math.max(largest, Math.abs(score - b[i]!));
  }
  return {
    user_id: userId,
    from_updates: source.updates,
    before_updates: before.updates,
    after_updates: after.updates,
    compared_decisions: compared,
    changed_choices: changed,
    max_score_difference: largest,
  };
}

/**
 * Scores of a recorded decision's candidates, in the order of the record, without what optimism adds; undefined when the record does
 * not hold what the vectors are made of.
 */
function scorer(policy: PolicyDefinition, { theta }: Posterior): (decision: ScoredEvent) => number[] | undefined {
  return (decision) => {
    const vectors = vectorsUnder(policy, decision);
    return vectors === undefined ? undefined : [...vectors.values()].map((x) => dot(theta, x));
  };
}
