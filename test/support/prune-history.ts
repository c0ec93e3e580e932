/**
 * What the prunes that a service recorded must have left, worked out from the log alone; and the records of a year in which tips grow
 * old.
 */
import fc from 'fast-check';
import { oracleActivityRemains } from '../oracle/activity-prunes.js';
import { oracleRemains, type OraclePrune, type Remains, type StagedDecision, type StagedEvent } from '../oracle/prunes.js';
import { oracleSums, type OracleExample } from '../oracle/policy.js';
import type { OracleEvent } from '../oracle/profile.js';
import { fullTopicName, type ScoredEvent, type TopicName } from '../../src/topics.js';
import { decisionsOf, dimensionOf, inPartition, oracleRewardIn, settingsOf, worthOf, type History } from './embedded/history.js';
import { planned, promptVersion } from './embedded/events.js';
import type { PlannedRecord } from './embedded/scenario.js';
import type { EmbeddedService } from './embedded/service.js';

export const DAY_MS = 86_400_000;
export const PRUNED_USERS = ['a', 'b', 'B', '\uffff', '\u{1f600}'];
const TIPS = ['t1', 't2', 't3', 't4', 't5', '__proto__'];

/** Around `nowMs`, mostly old; some of the future. */
const moment = (nowMs: number) =>
  fc
    .oneof(
      { weight: 5, arbitrary: fc.integer({ min: 0, max: 150 }).map((days) => nowMs - days * DAY_MS) },
      { weight: 3, arbitrary: fc.integer({ min: 0, max: 10 * 24 }).map((hours) => nowMs - hours * 3_600_000) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }).map((days) => nowMs + days * DAY_MS) },
    )
    .map((ms) => Math.max(0, ms));
const user = fc.constantFrom(...PRUNED_USERS, 'a', 'a');
const tip = fc.constantFrom(...TIPS);
const decision = fc.constantFrom('d1', 'd2', 'd3', 'd4');

const shadowByHand = (userId: string, decisionId: string, requestedAtMs: number): ScoredEvent => ({
  decision_id: decisionId,
  user_id: userId,
  policy: 'egreedy-v2-shadow',
  scored_at_ms: requestedAtMs,
  epsilon: 0.1,
  explored: false,
  chosen_tip_id: 't1',
  ranking: [{ tip_id: 't1', score: 0, propensity: 1 }],
  features: { names: [], vectors: { t1: Array.from({ length: 12 }, (_, i) => i / 4096) } },
  model: { updates: 0, theta: [] },
  salt: '0',
  profile: { as_of_ms: requestedAtMs, features: {} },
  feature_set: 'by-hand',
  input: null,
  positions: {},
  shadow_of: 'egreedy-v1',
});

/** What comes while the clock stands at `nowMs`. */
export function recordsAround(nowMs: number): fc.Arbitrary<PlannedRecord[]> {
  const served = fc
    .record({
      user_id: user,
      tip_id: tip,
      served_at_ms: moment(nowMs),
      category: fc.constantFrom(undefined, 'x', 'y'),
      decision_id: fc.option(decision, { nil: undefined, freq: 3 }),
      prompt_version: promptVersion,
    })
    .map((event) => planned('tip.served', event));
  const feedback = fc
    .record({
      user_id: user,
      tip_id: tip,
      action: fc.constantFrom('done', 'done', 'dismiss', 'snooze'),
      reacted_at_ms: moment(nowMs),
      utc_offset_min: fc.constantFrom(undefined, 120),
    })
    .map((event) => planned('tip.feedback', event));
  /** A serving and its reaction within the time for a reward. */
  const rewarded = fc
    .tuple(user, tip, decision, moment(nowMs), fc.constantFrom('done', 'dismiss'), promptVersion)
    .map(([user_id, tip_id, decision_id, at, action, prompt_version]) => [
      planned('tip.served', { user_id, tip_id, decision_id, served_at_ms: at, prompt_version }),
      planned('tip.feedback', { user_id, tip_id, action, reacted_at_ms: at + 3_600_000 }),
    ]);
  const request = fc.tuple(user, decision, moment(nowMs)).map(([user_id, decision_id, requested_at_ms]) =>
    planned('tip.candidates', {
      user_id,
      decision_id,
      requested_at_ms,
      candidates: TIPS.map((tip_id, i) => ({ tip_id, is_overdue: i % 2 === 0, task_age_days: i, priority: 1 + (i % 4) })),
    }),
  );
  const shadow = fc
    .tuple(user, decision, moment(nowMs))
    .map(([userId, decisionId, at]) => planned('tip.scored.shadow', shadowByHand(userId, decisionId, at)));
  /** More tips than the time index begins at, over five months. */
  const many = fc
    .tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 100, max: 160 }))
    .map(([user_id, count]) =>
      Array.from({ length: count }, (_, i) =>
        planned('tip.served', { user_id, tip_id: `many-${i}`, served_at_ms: Math.max(0, nowMs - i * DAY_MS) }),
      ),
    );
  return fc
    .tuple(
      fc.array(served, { maxLength: 12 }),
      fc.array(feedback, { maxLength: 12 }),
      fc.array(rewarded, { maxLength: 6 }),
      fc.array(request, { maxLength: 4 }),
      fc.array(shadow, { maxLength: 1 }),
      fc.option(many, { nil: [], freq: 3 }),
    )
    .map(([a, b, c, d, e, f]) => [...d, ...e, ...a, ...c.flat(), ...b, ...f]);
}

interface PruneRow {
  readonly seq: number;
  readonly horizon_ms: number;
  readonly after_user: string;
  readonly to_user: string | null;
  readonly positions: string;
  readonly tips: number;
}

/** As a partition's file records them. */
export function recordedPrunes(embedded: EmbeddedService, partition: number): (OraclePrune & { readonly tips: number })[] {
  return embedded.query<PruneRow>(partition, 'SELECT * FROM prune ORDER BY seq').map((row) => ({
    horizonMs: row.horizon_ms,
    afterUser: row.after_user,
    toUser: row.to_user,
    positions: JSON.parse(row.positions) as Record<string, number>,
    tips: row.tips,
  }));
}

/** `history` is of one partition. */
export function remainsOf(history: History, prunes: readonly OraclePrune[]): Remains {
  const name = (topic: TopicName) => fullTopicName(history.prefix, topic);
  const events: StagedEvent[] = [
    ...history.served.map(
      ({ offset, event }): StagedEvent => ({
        topic: name('tip.served'),
        offset,
        userId: event.user_id,
        kind: 'served',
        tipId: event.tip_id,
        atMs: event.served_at_ms,
        ...(event.decision_id == null ? {} : { decisionId: event.decision_id, promptVersion: event.prompt_version ?? null }),
      }),
    ),
    ...history.feedback.map(
      ({ offset, event }): StagedEvent => ({
        topic: name('tip.feedback'),
        offset,
        userId: event.user_id,
        kind: event.action,
        tipId: event.tip_id,
        atMs: event.reacted_at_ms,
      }),
    ),
  ];
  const decisions: StagedDecision[] = [
    ...history.scored.map(({ offset, event }) => ({
      topic: name('tip.scored'),
      offset,
      userId: event.user_id,
      decisionId: event.decision_id,
      candidates: Object.keys(event.features.vectors),
      requestedAtMs: event.profile.as_of_ms,
    })),
    ...history.shadow.map(({ offset, event }) => ({
      topic: name('tip.scored.shadow'),
      offset,
      userId: event.user_id,
      decisionId: event.decision_id,
      candidates: null,
      requestedAtMs: event.profile.as_of_ms,
    })),
  ];
  return oracleRemains(events, decisions, prunes, (requestedAtMs, hasCome) =>
    worthOf(
      history.control.filter(({ offset }) => hasCome({ topic: name('policy.control'), offset })),
      requestedAtMs,
    ),
  );
}

/** `history`, of one partition, without the sessions and signals that prunes took; and how many rows of each kind each of them took. */
export function withoutPrunedActivity(
  history: History,
  prunes: readonly OraclePrune[],
): { readonly left: History; readonly taken: readonly Readonly<Record<string, number>>[] } {
  if (history.activity === undefined) return { left: history, taken: prunes.map(() => ({})) };
  const staged = history.activity.map((one) => ({ ...one, topic: fullTopicName(history.prefix, one.event.topic) }));
  const { events, taken } = oracleActivityRemains(staged, prunes);
  return { left: { ...history, activity: events }, taken };
}

/** The profile events that are left, for the oracle of profiles. */
export function remainingProfileEvents(history: History, { events }: Remains): OracleEvent[] {
  const left = new Set(events.map(({ topic, offset }) => `${topic} ${offset}`));
  const kept = <Event>(topic: TopicName, list: readonly { readonly offset: number; readonly event: Event }[]) =>
    list
      .filter(({ offset }) => left.has(`${fullTopicName(history.prefix, topic)} ${offset}`))
      .map(({ event }) => ({ topic, value: event as OracleEvent['value'] }));
  return [...kept('tip.served', history.served), ...kept('tip.feedback', history.feedback)];
}

/** What a policy must have learned of a user: `G` and `b` from scratch, and of how many decisions. */
export function sumsAfterPrunes(history: History, remains: Remains, userId: string, eventPolicy: string) {
  const live = decisionsOf(history.scored, userId);
  const own = eventPolicy.endsWith('-shadow') ? decisionsOf(history.shadow, userId) : live;
  const events = remains.events.filter((event) => event.userId === userId);
  const examples: OracleExample[] = [];
  for (const [decisionId, recorded] of own) {
    const answered = live.get(decisionId);
    if (recorded.policy !== eventPolicy || answered === undefined) continue;
    if (own !== live && !settingsOf(history, answered.profile.as_of_ms).shadowLearning) continue;
    const kept = remains.closed.get(`${userId} ${decisionId}`);
    const earned = kept !== undefined ? kept : oracleRewardIn(history, answered, events);
    const x = earned === null ? undefined : recorded.features.vectors[earned.tipId];
    if (x?.length === dimensionOf(eventPolicy)) examples.push({ x, reward: earned!.reward });
  }
  return { updates: examples.length, ...oracleSums(examples, dimensionOf(eventPolicy)) };
}

export { inPartition };
