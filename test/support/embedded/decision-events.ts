/**
 * Planned records of a policy's life: requests, servings and reactions that link and fail to, decisions written by hand, and controls
 * of every type.
 */
import fc from 'fast-check';
import { policyNamed } from '../../../src/policies/registry.js';
import { vectorFingerprint } from '../../../src/policies/vector-fingerprint.js';
import type { ScoredEvent } from '../../../src/topics.js';
import { planned, promptVersion } from './events.js';
import { dimensionOf } from './history.js';
import type { PlannedRecord } from './scenario.js';

const DAY_MS = 86_400_000;
export const START_MS = 100 * DAY_MS + 31_000_000;
export const NOW_MS = START_MS + 9 * DAY_MS;
export const USERS = ['a', '\u{1f600}'];
const TIPS = ['t1', 't2', '__proto__'];

/** Moments on both sides of the reward window of each other; most of them within it. */
const moment = fc.constantFrom(0, 1, DAY_MS, 2 * DAY_MS, 7 * DAY_MS - 1, 7 * DAY_MS, 8 * DAY_MS).map((after) => START_MS + after);
const user = fc.constantFrom('a', 'a', 'a', '\u{1f600}');
/** d4 is never asked for. */
const decision = fc.constantFrom('d1', 'd2', 'd3');
const anyDecision = fc.constantFrom('d1', 'd1', 'd2', 'd2', 'd3', 'd3', 'd4');
const tip = fc.constantFrom(...TIPS);

const candidate = (tip_id: string) =>
  fc.record({
    tip_id: fc.constant(tip_id),
    is_overdue: fc.boolean(),
    task_age_days: fc.constantFrom(0, 3.7, 29.9, 31),
    priority: fc.integer({ min: 1, max: 4 }),
  });
export const request = fc.record({
  user_id: user,
  decision_id: decision,
  requested_at_ms: moment,
  utc_offset_min: fc.constantFrom(undefined, -90, 600),
  candidates: fc.subarray(TIPS, { minLength: 2 }).chain((tips) => fc.tuple(...tips.map(candidate))),
});
const served = fc.record({
  user_id: user,
  tip_id: tip,
  served_at_ms: moment,
  decision_id: fc.option(anyDecision, { nil: undefined, freq: 9 }),
  prompt_version: promptVersion,
});
const feedback = fc.record({ user_id: user, tip_id: tip, action: fc.constantFrom('done', 'dismiss', 'snooze'), reacted_at_ms: moment });

/** How the harness knows a decision written by hand. */
export const BY_HAND = 'by-hand';

const byHand = (policies: readonly string[], shadowOf: string | null): fc.Arbitrary<ScoredEvent> =>
  fc
    .record({
      user_id: user,
      decision_id: anyDecision,
      policy: fc.constantFrom(...policies),
      requested: moment,
      tips: fc.subarray(TIPS, { minLength: 1 }),
      numbers: fc.array(fc.integer({ min: -4096, max: 4096 }), { minLength: 13, maxLength: 13 }),
      wrong: fc.boolean(),
    })
    .map(({ user_id, decision_id, policy, requested, tips, numbers, wrong }) => {
      const dimension = dimensionOf(policy) + (wrong && numbers[0]! > 3000 ? 1 : 0);
      // As text, because a key such as __proto__ must become a property of its own.
      const entries = tips.map((tipId, at) => {
        const vector = numbers.slice(0, dimension).map((n) => (n + at) / 4096);
        return `${JSON.stringify(tipId)}:${JSON.stringify(vector)}`;
      });
      const vectors = JSON.parse(`{${entries.join()}}`) as Record<string, number[]>;
      return {
        decision_id,
        user_id,
        policy,
        scored_at_ms: requested,
        epsilon: 0.1,
        explored: false,
        chosen_tip_id: tips[0]!,
        ranking: tips.map((tip_id) => ({ tip_id, score: 0, propensity: 1 / tips.length })),
        features: { names: [], vectors },
        model: { updates: 0, theta: [] },
        salt: '0',
        profile: { as_of_ms: requested, features: {} },
        feature_set: BY_HAND,
        input: null,
        positions: {},
        ...(shadowOf === null ? {} : { shadow_of: shadowOf }),
      };
    });

const controlFacts = fc.record({ control_id: fc.constantFrom('c1', 'c2', 'c3', 'c4', 'c5'), effective_at_ms: moment });
const migration = fc
  .constantFrom({ from: 'egreedy-v1' }, { train_from_replay: true }, { undo: true })
  .map((how) => ({ type: 'migrate', policy: 'egreedy-v2', ...how }));
const ofOneUser = fc
  .tuple(controlFacts, user, fc.oneof(fc.constant({ type: 'reset' }), migration))
  .map(([facts, user_id, what]) => [planned('policy.control', { ...facts, ...what, user_id })]);
const prior = (name: string, lambda: number, rewards?: object) => {
  const policy = policyNamed(name);
  const theta = policy.featureNames.map((_, i) => ((i * 5) % 7) / 8 - 0.3);
  return { prior: { policy: name, theta, lambda, vectors: vectorFingerprint(policy), ...(rewards === undefined ? {} : { rewards }) } };
};
/** One record of it in every partition, at whatever offset. */
const shared = fc
  .tuple(
    controlFacts,
    fc.oneof(
      fc.constantFrom({ type: 'promote', policy: 'egreedy-v2' }, { type: 'promote', policy: 'egreedy-v1' }, { type: 'rollback' }),
      migration,
      fc
        .constantFrom(
          { epsilon: 0 },
          { epsilon: 1 },
          { salt: 'x' },
          { salt: 'y', epsilon: 0.5 },
          { shadow_learning: true },
          { shadow_learning: true },
          { shadow_learning: false },
          { rewards: { done: 0.5, dismiss: -1 } },
          { rewards: { snooze: 0.3, window_ms: 2 } },
          prior('egreedy-v1', 3),
          prior('egreedy-v2', 12),
          prior('egreedy-v1', 7, { done: 0.5, dismiss: -1 }),
          { prior: { policy: 'egreedy-v1' } },
        )
        .map((settings) => ({ type: 'configure', settings })),
    ),
  )
  .map(
    ([facts, what]) =>
      (partitions: number): PlannedRecord[] =>
        Array.from({ length: partitions }, (_, partition) => ({
          topic: 'policy.control',
          key: null,
          value: Buffer.from(JSON.stringify({ ...facts, ...what })),
          partition,
        })),
  );

/** Given the number of partitions. */
export const policyRecords: fc.Arbitrary<(partitions: number) => PlannedRecord[]> = fc
  .record({
    requests: fc.array(request, { minLength: 2, maxLength: 8 }),
    served: fc.array(served, { minLength: 2, maxLength: 16 }),
    feedback: fc.array(feedback, { minLength: 2, maxLength: 14 }),
    live: fc.array(byHand(['egreedy-v1', 'egreedy-v2', 'unheard-of'], null), { maxLength: 5 }),
    shadow: fc.array(byHand(['egreedy-v2-shadow'], 'egreedy-v1'), { maxLength: 2 }),
    ofOneUser: fc.array(ofOneUser, { maxLength: 2 }),
    shared: fc.array(shared, { maxLength: 4 }),
    repeated: fc.array(fc.nat(), { maxLength: 4 }),
  })
  .map((all) => (partitions) => {
    const records = [
      ...all.requests.map((event) => planned('tip.candidates', event)),
      ...all.served.map((event) => planned('tip.served', event)),
      ...all.feedback.map((event) => planned('tip.feedback', event)),
      ...all.live.map((event) => planned('tip.scored', event)),
      ...all.shadow.map((event) => planned('tip.scored.shadow', event)),
      ...all.ofOneUser.flat(),
      ...all.shared.flatMap((one) => one(partitions)),
    ];
    return [...records, ...(records.length === 0 ? [] : all.repeated.map((at) => records[at % records.length]!))];
  });
