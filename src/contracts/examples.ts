/**
 * The smallest and the fullest event of every topic. They are the examples of the schemas and of the AsyncAPI document, and the golden
 * fixtures are made from them: a topic without examples does not compile.
 */
import type { z } from 'zod';
import type { SCHEMAS } from '../topic-schemas.js';
import type { TopicName } from '../topics.js';

export interface TopicExamples<Event> {
  /** What is required, and nothing else. */
  readonly minimal: Event;
  /** Every field that the topic knows, the optional ones too. */
  readonly full: Event;
}

type Examples = { readonly [Topic in TopicName]: TopicExamples<z.input<(typeof SCHEMAS)[Topic]>> };

const PROFILE = {
  completion_rate_30d: 1,
  dismiss_rate_30d: 0,
  mean_dwell_ms_30d: 60_000,
  preferred_category: 'health',
  preferred_hour: 15,
  preferred_weekday: 3,
  snooze_rate_30d: 0,
  tip_volume_30d: 1,
};
const FEATURE_SET = '9de70b0b33d7a588';
const POSITIONS = { 'policy.control': 0, 'tip.candidates': 1, 'tip.feedback': 1, 'tip.scored': 0, 'tip.scored.shadow': 0, 'tip.served': 1 };

const SCORED = {
  decision_id: 'd-1001',
  user_id: 'ana',
  policy: 'egreedy-v1',
  scored_at_ms: 1_795_132_800_120,
  epsilon: 0.1,
  explored: false,
  chosen_tip_id: 't-1002',
  ranking: [
    { tip_id: 't-1001', score: 0, propensity: 0.5 },
    { tip_id: 't-1002', score: 0, propensity: 0.5 },
  ],
  features: {
    names: ['bias', 'is_overdue', 'task_age', 'priority', 'hour_sin', 'hour_cos', 'weekend'],
    vectors: {
      't-1001': [1, 1, 0.11669921875, 1, 0.2587890625, 0.9658203125, 0],
      't-1002': [1, 0, 0, 0, 0.2587890625, 0.9658203125, 0],
    },
  },
  model: { updates: 0, theta: [0, 0, 0, 0, 0, 0, 0] },
  salt: '0',
  profile: { as_of_ms: 1_795_132_800_000, features: PROFILE },
  feature_set: FEATURE_SET,
  input: null,
  positions: POSITIONS,
};
const SCORED_FULL = {
  ...SCORED,
  ranking: [
    { tip_id: 't-1001', score: 0, propensity: 0.5, category: 'health' },
    { tip_id: 't-1002', score: 0, propensity: 0.5, category: 'home' },
  ],
  model: { ...SCORED.model, prior: 'c-1005', g: [0] },
  input: { topic: 'tip.candidates', partition: 0, offset: 0 },
  shadow_of: 'egreedy-v1',
};

const FORGOTTEN = {
  forget_id: '4c7f5d1e-6f43-4b3a-9d55-0d6b3a1f2c11',
  user_digest: '24d4b96f58da6d4a8512313bbd02a28ebf0ca95dec6e4c86ef78ce7f01e788ac',
  forgotten_at_ms: 1_795_132_900_000,
  positions: { 'tip.served': 1200, 'tip.feedback': 840 },
};

export const EXAMPLES: Examples = {
  'user.forgotten': { minimal: FORGOTTEN, full: { ...FORGOTTEN, reason: 'request 4711', by: 'ana@host' } },
  'policy.control': {
    minimal: { control_id: 'c-1001', type: 'rollback', effective_at_ms: 1_795_132_800_000 },
    full: {
      control_id: 'c-1002',
      type: 'migrate',
      effective_at_ms: 1_795_132_800_000,
      policy: 'egreedy-v2',
      percent: 50,
      user_id: 'ana',
      from: 'egreedy-v1',
      train_from_replay: true,
      undo: false,
      takes_back: 'c-1001',
      rollout_id: 'c-1000',
      holdout: 5,
      settings: {
        epsilon: 0.1,
        epsilon_min: 0.01,
        epsilon_decay: 20,
        salt: '0',
        shadow: 'off',
        shadow_learning: false,
        rewards: { done: 1, dismiss: 0, snooze: 0, window_ms: 604_800_000 },
        prior: {
          policy: 'egreedy-v3',
          theta: [0.25, -0.5],
          lambda: 10,
          positions: { 'tip.scored': { '0': 1200 } },
          vectors: '6f1f',
          rewards: { done: 1, dismiss: 0, snooze: 0, window_ms: 604_800_000 },
        },
      },
      reason: 'the trial is over',
      evidence: { report: 'evaluation.json', lift: 0.04 },
    },
  },
  'tip.served': {
    minimal: { tip_id: 't-1001', user_id: 'ana', served_at_ms: 1_795_132_801_000 },
    full: {
      tip_id: 't-1001',
      user_id: 'ana',
      served_at_ms: 1_795_132_801_000,
      decision_id: 'd-1001',
      policy: 'egreedy-v1',
      prompt_version: 'v1',
      source: 'calendar',
      category: 'health',
      utc_offset_min: 60,
    },
  },
  'tip.feedback': {
    minimal: { tip_id: 't-1001', user_id: 'ana', action: 'done', reacted_at_ms: 1_795_132_861_000 },
    full: {
      tip_id: 't-1001',
      user_id: 'ana',
      action: 'snooze',
      reacted_at_ms: 1_795_132_861_000,
      feedback_id: 'f-1001',
      utc_offset_min: -300,
    },
  },
  'app.session': {
    minimal: { user_id: 'ana', session_id: 's-1001', started_at_ms: 1_795_132_790_000, ended_at_ms: 1_795_132_880_000 },
    full: {
      user_id: 'ana',
      session_id: 's-1001',
      started_at_ms: 1_795_132_790_000,
      ended_at_ms: 1_795_132_880_000,
      utc_offset_min: 60,
    },
  },
  'signal.synced': {
    minimal: { user_id: 'ana', source: 'calendar', synced_at_ms: 1_795_132_700_000 },
    full: { user_id: 'ana', source: 'calendar', synced_at_ms: 1_795_132_700_000 },
  },
  'tip.scored': { minimal: SCORED, full: SCORED_FULL },
  'tip.scored.shadow': {
    minimal: { ...SCORED, policy: 'egreedy-v2-shadow' },
    full: { ...SCORED_FULL, policy: 'egreedy-v2-shadow' },
  },
  'tip.candidates': {
    minimal: {
      decision_id: 'd-1001',
      user_id: 'ana',
      requested_at_ms: 1_795_132_800_000,
      candidates: [{ tip_id: 't-1001', is_overdue: true, task_age_days: 3.5, priority: 4 }],
    },
    full: {
      decision_id: 'd-1001',
      user_id: 'ana',
      requested_at_ms: 1_795_132_800_000,
      candidates: [
        { tip_id: 't-1001', is_overdue: true, task_age_days: 3.5, priority: 4, source: 'calendar', category: 'health' },
        { tip_id: 't-1002', is_overdue: false, task_age_days: 0, priority: 1, source: 'inbox', category: 'home' },
      ],
      utc_offset_min: 60,
    },
  },
  'profile.features': {
    minimal: { user_id: 'ana', as_of_ms: 1_795_132_900_000, features: PROFILE, feature_set: FEATURE_SET },
    full: { user_id: 'ana', as_of_ms: 1_795_132_900_000, features: PROFILE, feature_set: FEATURE_SET, positions: POSITIONS },
  },
  'tipstream.audit': {
    minimal: {
      audit_id: 'aecebc3b-be81-47f9-9800-a21838774c3a',
      at_ms: 1_795_132_900_000,
      actor: { kind: 'service' },
      action: 'policy.rollback',
      outcome: 'done',
    },
    full: {
      audit_id: 'd69a4b00-ea1a-4448-94b3-013b0edb719c',
      at_ms: 1_795_132_900_000,
      actor: { kind: 'token', name: 'ops', role: 'operate', host: 'app-1' },
      action: 'profile.rebuild',
      target: { kind: 'user', id: 'ana' },
      outcome: 'failed',
      error: { code: 'log_unavailable', message: 'the log does not answer' },
      request_id: 'req-1',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      details: { dry_run: false },
    },
  },
};
