/** What `verify` finds: where the state file says one thing and the replay another, and the events that speak for the replay. */
import type { AcceptedSince } from '../audit/accepted-since.js';
import { recordAddresses, type AuditReport, type FindingKind, type Untold } from '../audit/finding.js';
import type { ReplayedTopic } from './replayed.js';

/**
 * profile: a feature as readers get it. cached_count: one of the counts it is computed from. tip, time_index, link: rows behind them.
 * decision, shadow_decision: the record or the reward of one. policy_sum: what a policy has learned. control: a record of policy.control.
 * user: the user's own row. prune: a prune that the state file records. closed_decision: the reward of a decision when a prune took
 * one of its servings. The rest is where the state and the log do not account for each other.
 */
export type DifferenceKind =
  | FindingKind
  | 'profile'
  | 'cached_count'
  | 'tip'
  | 'time_index'
  | 'link'
  | 'shadow_decision'
  | 'policy_sum'
  | 'control'
  | 'user'
  | 'closed_decision';

export interface EventAddress {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface Difference {
  /** null: it belongs to no user. */
  readonly user_id: string | null;
  readonly partition: number;
  readonly kind: DifferenceKind;
  /** The tip, decision, policy or control; null where the user says it all. */
  readonly id: string | null;
  /** Which of its values: a feature, a count, a column. */
  readonly feature: string;
  readonly live: unknown;
  readonly replayed: unknown;
  /** The events behind the replayed value, as far as MOST_EVENTS goes. */
  readonly events: readonly EventAddress[];
  /** How many events there are behind it in all. */
  readonly events_total: number;
}

export interface UnprovenUser {
  readonly user_id: string;
  readonly partition: number;
  /** Topics whose missing events the state remembers. */
  readonly topics: readonly string[];
}

const MOST_EVENTS = 20;

export interface FindingCounts {
  readonly differences: number;
  readonly differingUsers: number;
  readonly unproven: number;
  /** What no topic could tell is not among it: nothing was lost. */
  readonly untold: number;
}

/** What is to be reported about one user. */
export type Report = (found: {
  readonly kind: DifferenceKind;
  readonly id?: string | null;
  readonly feature: string;
  readonly live: unknown;
  readonly replayed: unknown;
  readonly events?: readonly ReplayedAddress[];
}) => void;

export interface ReplayedAddress {
  readonly topic: ReplayedTopic;
  readonly offset: number;
}

/** Counts everything, and keeps the first of it: a state that is wrong throughout must not fill the memory. */
export class Findings {
  readonly differences: Difference[] = [];
  readonly unproven: UnprovenUser[] = [];
  readonly untold: Untold[] = [];
  /** What explains some of the differences. */
  readonly acceptedSince: AcceptedSince[] = [];
  readonly #listed: number;
  readonly #topicPrefix: string;
  #differences = 0;
  #differingUsers = 0;
  #unproven = 0;
  #last: string | undefined;

  /** Keeps `listed` differences, and as many users that cannot be proven. */
  constructor(listed: number, topicPrefix: string) {
    this.#listed = listed;
    this.#topicPrefix = topicPrefix;
  }

  get differenceCount(): number {
    return this.#differences;
  }

  get differingUsers(): number {
    return this.#differingUsers;
  }

  get unprovenCount(): number {
    return this.#unproven;
  }

  counts(): FindingCounts {
    const untold = this.untold.reduce((sum, { topic, count }) => sum + (topic === null ? 0 : count), 0);
    return { differences: this.#differences, differingUsers: this.#differingUsers, unproven: this.#unproven, untold };
  }

  /** One user's findings come one after the other. */
  reporter(partition: number, userId: string | null): Report {
    return ({ kind, id = null, feature, live, replayed, events = [] }) => {
      const user = `${partition} ${userId}`;
      if (userId !== null && user !== this.#last) this.#differingUsers++;
      this.#last = user;
      if (++this.#differences > this.#listed) return;
      const found = events.filter(({ offset }) => offset >= 0);
      this.differences.push({
        user_id: userId,
        partition,
        kind,
        id,
        feature,
        live,
        replayed,
        events: recordAddresses(found.slice(0, MOST_EVENTS), this.#topicPrefix, partition),
        events_total: found.length,
      });
    };
  }

  /** What an audit of the partition found. */
  take(partition: number, { findings, untold, acceptedSince }: AuditReport): void {
    this.acceptedSince.push(...acceptedSince);
    for (const { userId, ...found } of findings) this.reporter(partition, userId)(found);
    this.untold.push(...untold);
  }

  cannotProve(partition: number, userId: string, topics: ReadonlySet<ReplayedTopic>): void {
    if (++this.#unproven > this.#listed) return;
    this.unproven.push({ user_id: userId, partition, topics: [...topics].map((topic) => this.#topicPrefix + topic) });
  }
}
