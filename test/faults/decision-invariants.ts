/** What must hold of decisions, what is learned from them, and the answers that were given. */
import { isDeepStrictEqual } from 'node:util';
import type Database from 'better-sqlite3';
import { decodeState } from '../../src/policies/ridge-codec.js';
import { type CandidatesEvent, type ScoredEvent } from '../../src/topics.js';
import type { OracleExample } from '../oracle/policy.js';
import {
  oracleRewardIn,
  decisionsOf,
  dimensionOf,
  expectedDecision,
  exampleOf,
  oracleSums,
  settingsOf,
  upTo,
  type History,
} from '../support/embedded/history.js';
import { recompute } from '../support/recompute.js';
import { require, requireSame, type Here, type Question } from './question.js';

export function checkDecisions(history: History, partition: number, state: Database.Database): void {
  for (const [topic, table, list] of [
    ['tip.scored', 'decision', history.scored],
    ['tip.scored.shadow', 'shadow_decision', history.shadow],
  ] as const) {
    const first = new Map<string, { readonly offset: number; readonly event: ScoredEvent }>();
    for (const one of list.filter((each) => each.partition === partition)) {
      const name = `${one.event.user_id} ${one.event.decision_id}`;
      const known = first.get(name);
      if (known === undefined) first.set(name, one);
      else requireSame(one.event, known.event, `${topic} holds two contents of decision ${name}`);
    }
    const rows = state
      .prepare<[], [string, string, number | null, string]>(
        `SELECT user_id, decision_id, scored_offset, record FROM ${table} JOIN user USING (uid)`,
      )
      .raw()
      .all();
    requireSame(
      rows.map(([user, decision, offset, record]) => [`${user} ${decision}`, offset, JSON.parse(record) as unknown]).sort(),
      [...first].map(([name, { offset, event }]) => [name, offset, event]).sort(),
      `the ${table}s of partition ${partition}`,
    );
  }
  const answered = new Set(
    history.scored.filter((one) => one.partition === partition).map(({ event }) => `${event.user_id} ${event.decision_id}`),
  );
  for (const { event } of history.candidates.filter((one) => one.partition === partition))
    require(answered.has(`${event.user_id} ${event.decision_id}`), `decision ${event.decision_id} of ${event.user_id} was never answered`);
}

/** What was learned is what the log teaches, bit for bit. */
export function checkSums({ workload, ledger }: Question, here: Here, partition: number, state: Database.Database): void {
  const rows = state
    .prepare<[], { user_id: string; policy: string; reset_at_ms: number; state: Buffer }>(
      'SELECT user_id, policy, reset_at_ms, state FROM policy_state JOIN user USING (uid)',
    )
    .all();
  for (const { user_id, policy, reset_at_ms, state: stored } of rows) {
    const examples = examplesOf(here, user_id, policy, reset_at_ms);
    const { g, b } = oracleSums(examples, dimensionOf(policy));
    const found = decodeState(stored, dimensionOf(policy));
    requireSame(
      [found.updates, [...found.g], [...found.b]],
      [examples.length, g.flatMap((row, i) => row.slice(0, i + 1)), b],
      `what ${policy} has learned of ${user_id}`,
    );
  }
  const held = new Set(rows.map(({ user_id, policy }) => `${user_id} ${policy}`));
  for (const userId of workload.users.filter((user) => ledger.partitionOf(Buffer.from(user)) === partition)) {
    for (const policy of ['egreedy-v1', 'egreedy-v2', 'egreedy-v2-shadow']) {
      if (examplesOf(here, userId, policy, -1).length > 0)
        require(held.has(`${userId} ${policy}`), `nothing is kept of what ${policy} has learned of ${userId}`);
    }
  }
}

/** The rewards of a user's decisions in those sums, requested since then, with what the prunes have left. */
export function examplesOf({ own, remains }: Here, userId: string, sums: string, sinceMs: number): OracleExample[] {
  const [eventPolicy, into] = sums.split('>') as [string, string?];
  const live = decisionsOf(own.scored, userId);
  const decisions = eventPolicy.endsWith('-shadow') ? decisionsOf(own.shadow, userId) : live;
  const events = remains.events.filter((event) => event.userId === userId);
  const examples: OracleExample[] = [];
  for (const [decisionId, decision] of decisions) {
    const answered = live.get(decisionId);
    if (decision.policy !== eventPolicy || answered === undefined || decision.profile.as_of_ms < sinceMs) continue;
    if (decisions !== live && !settingsOf(own, answered.profile.as_of_ms).shadowLearning) continue;
    const closed = remains.closed.get(`${userId} ${decisionId}`);
    const earned = closed !== undefined ? closed : oracleRewardIn(own, answered, events);
    const x = earned === null ? undefined : exampleOf(decision, earned.tipId, into);
    if (x !== undefined) examples.push({ x, reward: earned!.reward });
  }
  return examples;
}

/** An answer, and how often anybody had been asked to be forgotten by then. */
export interface Answered {
  readonly answer: ScoredEvent;
  readonly attempts: number;
  readonly forgetting: boolean;
}

/** Decisions are what the definitions give for what their own positions say had been applied. */
export function checkAnswers(
  { world, workload, random, ledger }: Question,
  history: History,
  answered: ReadonlyMap<string, Answered>,
): void {
  const asked = new Map<string, CandidatesEvent[]>();
  const note = (request: CandidatesEvent) => {
    const name = `${request.user_id} ${request.decision_id}`;
    asked.set(name, [...(asked.get(name) ?? []), request]);
  };
  for (const { request } of workload.asked) note(request);
  for (const [i, { partition, event }] of history.scored.entries()) {
    requireSame(recompute(event).differences, [], `decision ${event.decision_id} of ${event.user_id} computed again`);
    // What a file that is gone had pruned by then, nobody knows.
    if (world.pruned || (i >= 12 && !random.chance(0.2))) continue;
    const known = upTo(history, partition, event.positions);
    require(!decisionsOf(known.scored, event.user_id).has(
      event.decision_id,
    ), `decision ${event.decision_id} of ${event.user_id} was answered although its answer had been read`);
    const { input } = event;
    const requests =
      input === null
        ? (asked.get(`${event.user_id} ${event.decision_id}`) ?? [])
        : history.candidates.filter((one) => one.partition === input.partition && one.offset === input.offset).map((one) => one.event);
    const why = requests.map((request) => differenceOf(event, known, request));
    require(why.includes(undefined), `decision ${event.decision_id} of ${event.user_id}: ${why[0] ?? 'nobody asked for it'}`);
  }
  for (const [name, { answer, attempts, forgetting }] of answered) {
    if (ledger.forgets.tookAnswer(answer.user_id, attempts, forgetting) !== false) continue;
    const inLog = history.scored.find(({ event }) => `${event.user_id} ${event.decision_id}` === name)?.event;
    requireSame(inLog, JSON.parse(JSON.stringify(answer)), `the answer that was given for ${name}`);
  }
  for (const { event } of history.shadow)
    requireSame(recompute(event).differences, [], `shadow decision ${event.decision_id} of ${event.user_id} computed again`);
}

export function differenceOf(event: ScoredEvent, known: History, request: CandidatesEvent): string | undefined {
  const { policy, learned, profile, decision } = expectedDecision(known, request);
  const found = [
    event.policy,
    event.model.updates,
    event.profile.as_of_ms,
    event.profile.features,
    event.chosen_tip_id,
    event.explored,
    Object.entries(event.features.vectors).sort(),
  ];
  const expected = [policy, learned, request.requested_at_ms, profile, decision.chosen, decision.explored, [...decision.vectors].sort()];
  const at = found.findIndex((one, i) => !isDeepStrictEqual(one, expected[i]));
  return at === -1 ? undefined : `found ${JSON.stringify(found[at])}, expected ${JSON.stringify(expected[at])}`;
}
