/**
 * What one decision costs in this process, without log, SQLite and HTTP: a stored state is decoded, theta solved, every candidate
 * scored and one drawn, as for a request. CPU time and not wall time, so that whoever else uses the machine changes it little.
 * Policies and sizes take turns, and the median counts.
 */
import type { DecisionContext, PolicyDefinition, ProfileValues } from '../src/policies/policy.js';
import { POLICIES } from '../src/policies/registry.js';
import { decodeState, encodeState } from '../src/policies/ridge-codec.js';
import { add, emptyState } from '../src/policies/ridge.js';
import { scoreCandidates, type Scored } from '../src/policies/score.js';
import { randomStream, type Random } from '../src/random.js';
import type { Candidate } from '../src/topics.js';
import { candidatesOf } from './decisions.js';
import { median } from './latencies.js';

export interface ScoringRow {
  readonly policy: string;
  readonly candidates: number;
  /** Per second of CPU. */
  readonly decisionsPerSecond: number;
  /** Candidates scored: decisions times candidates. */
  readonly scoresPerSecond: number;
  /** CPU, of one decision. */
  readonly microseconds: number;
}

export interface ScoringEffort {
  /** Turns of each policy and size; the median counts. */
  readonly turns: number;
  /** CPU milliseconds of each. */
  readonly turnMs: number;
}

export const SIZES = [10, 50] as const;
/** Rewarded decisions in each state: some months of a user. What a decision costs does not depend on it, unless there are none. */
export const UPDATES = 500;
const USERS = 64;
const DECISIONS_BETWEEN_LOOKS = 50;
const HOUR_MS = 3_600_000;
const START_MS = 1_767_571_200_000;

interface User {
  readonly state: Buffer;
  readonly context: DecisionContext;
  readonly profile: ProfileValues;
  readonly candidates: readonly Candidate[];
}

export function scoring({ turns, turnMs }: ScoringEffort): ScoringRow[] {
  const contenders = POLICIES.flatMap((policy) =>
    SIZES.map((size) => {
      const users = usersOf(policy, size);
      let decided = 0;
      return { policy, size, decide: (): Scored => decide(policy, users[decided % users.length]!, decided++), us: [] as number[] };
    }),
  );
  // The first turn warms up the compiler.
  for (let turn = 0; turn <= turns; turn++) {
    for (const { decide, us } of contenders) {
      const each = cpuOf(decide, turnMs);
      if (turn > 0) us.push(each);
    }
  }
  return contenders.map(({ policy, size, us }) => {
    const microseconds = median(us);
    return {
      policy: policy.name,
      candidates: size,
      decisionsPerSecond: Math.round(1e6 / microseconds),
      scoresPerSecond: Math.round((size * 1e6) / microseconds),
      microseconds: Math.round(microseconds * 100) / 100,
    };
  });
}

function decide(policy: PolicyDefinition, { state, context, profile, candidates }: User, index: number): Scored {
  return scoreCandidates({
    ...context,
    policy,
    eventPolicy: policy.name,
    state: decodeState(state, policy.dimension),
    decisionId: `scoring-${index}`,
    salt: '0',
    epsilon: 0.1,
    candidates,
    profile,
  });
}

/** Microseconds of each call, of as many as take `forMs`. */
function cpuOf(work: () => Scored, forMs: number): number {
  const before = process.cpuUsage();
  for (let done = 0; ; ) {
    for (let i = 0; i < DECISIONS_BETWEEN_LOOKS; i++) work();
    done += DECISIONS_BETWEEN_LOOKS;
    const { user, system } = process.cpuUsage(before);
    if (user + system >= forMs * 1_000) return (user + system) / done;
  }
}

function usersOf(policy: PolicyDefinition, size: number): User[] {
  return Array.from({ length: USERS }, (_, index) => {
    const random = randomStream(3, `scoring ${index}`);
    const contextAt = (): DecisionContext => ({ requestedAtMs: START_MS + random.integer(0, 28 * 24) * HOUR_MS, utcOffsetMin: 60 });
    const state = emptyState(policy.dimension);
    for (let update = 0; update < UPDATES; update++) {
      const [candidate] = candidatesOf(`user-${index}`, `example-${index}-${update}`, 0, 1).candidates;
      add(state, policy.vectorizer(contextAt(), profileOf(random))(candidate!), random.chance(0.4) ? 1 : 0, 1);
    }
    const { candidates } = candidatesOf(`user-${index}`, `asked-${index}`, 0, size);
    return { state: encodeState(state), context: contextAt(), profile: profileOf(random), candidates };
  });
}

function profileOf(random: Random): ProfileValues {
  return {
    tip_volume_30d: random.integer(5, 300),
    completion_rate_30d: random.next(),
    dismiss_rate_30d: random.next(),
    snooze_rate_30d: random.next(),
    mean_dwell_ms_30d: random.integer(1_000, 900_000),
    preferred_hour: random.integer(0, 23),
    preferred_weekday: random.integer(0, 6),
    preferred_category: 'home',
  };
}
