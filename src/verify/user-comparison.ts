/** One user's comparison: what the log says of the user, what the state file says, and what is found out on the way. */
import type { AuditedTip, AuditedUser, StateAudit } from '../store/queries/state-audit.js';
import type { Beginnings } from './compare-controls.js';
import type { Report } from './difference.js';
import type { NaiveCounts } from './naive-counts.js';
import type { ShadowLearningSetting } from './naive-policy.js';
import type { WorthSetting } from './naive-worth.js';
import type { ReplayedTopic, ReplayedUser } from './replayed.js';

export interface PolicyRules {
  /** What reactions are worth, of the log, from policy.control. */
  readonly worth: readonly WorthSetting[];
  /** Of the log, from policy.control. */
  readonly shadowLearning: readonly ShadowLearningSetting[];
  /** What the process that folds was started with. */
  readonly shadowLearnsOtherwise: boolean;
  readonly beginningsOf: Beginnings;
  /** Topics of which the log has lost events. */
  readonly incomplete: ReadonlySet<ReplayedTopic>;
  /** Of the partition. */
  readonly counts: NaiveCounts;
}

export interface StoredLink {
  readonly decisionId: string;
  readonly tipId: string;
  readonly servedAtMs: number;
  readonly promptVersion: string | null;
}

export interface UserSides {
  /** The comparison's own: prunes take from it, and what only the state file remembers is added. */
  readonly user: ReplayedUser;
  readonly state: StateAudit;
  /** The user's row; undefined: the state file has no such user, or a row that cannot be read. */
  readonly stored: AuditedUser | undefined;
  readonly rows: readonly AuditedTip[];
  readonly links: readonly StoredLink[];
  readonly rules: PolicyRules;
  readonly report: Report;
}

export interface UserComparison extends UserSides {
  /** undefined: the state file has no such user. */
  readonly uid: number | undefined;
  /** Topics whose missing events the state file was taken at its word for. */
  readonly missed: ReadonlySet<ReplayedTopic>;
  isIncomplete(topic: ReplayedTopic): boolean;
  /** The state file remembers events of these topics that the log does not have. */
  miss(...topics: readonly ReplayedTopic[]): void;
}

/** Nothing is missed yet. */
export function beginComparison(sides: UserSides): UserComparison {
  const missed = new Set<ReplayedTopic>();
  return {
    ...sides,
    uid: sides.stored?.uid,
    missed,
    isIncomplete: (topic) => sides.rules.incomplete.has(topic),
    miss(...topics) {
      for (const topic of topics) missed.add(topic);
    },
  };
}
