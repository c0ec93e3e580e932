/** A service written by hand for the routes: realistic answers, each replaceable, and a record of what was asked. */
import { foundQuality, qualityHistory } from './fake-quality.js';
import { TipstreamError } from '../../src/errors.js';
import type {
  Application,
  DataQualityDocument,
  NewestScore,
  PartitionStatus,
  ProduceSummary,
  ProfileDocument,
  PromptsDocument,
  RebuildJob,
  ScoreRequest,
  ScoreResponse,
  ServiceStatus,
} from '../../src/service/application.js';
import { useOf } from '../../src/policies/reading/feature-use.js';
import { featuresDocument } from '../../src/projections/feature-document.js';
import { coreRegistry } from '../../src/projections/registry.js';
import type { LagRow } from '../../src/log/lag.js';
import type { Produced } from '../../src/audit-trail/produced.js';
import type { AuditedChange } from '../../src/audit-trail/record.js';
import { AUDIT } from './fake-audit.js';
import { LETTERS, REDRIVE, listed, redriveNamed, wholeLetterAt } from './fake-letters.js';
import { fakeForgets } from './fake-forgets.js';
import { fakeProvenance } from './fake-provenance.js';

export const NOW_MS = Date.UTC(2026, 0, 31, 18, 4, 5);
const TOPICS = ['policy.control', 'tip.served', 'tip.feedback', 'tip.scored', 'tip.scored.shadow', 'tip.candidates'];

export const PROFILE: ProfileDocument = {
  user_id: 'ana',
  as_of_ms: NOW_MS,
  features: {
    completion_rate_30d: 0.625,
    dismiss_rate_30d: 0.125,
    mean_dwell_ms_30d: 204_517.25,
    preferred_category: 'errands',
    preferred_hour: 18,
    preferred_weekday: 5,
    snooze_rate_30d: null,
    tip_volume_30d: 48,
  },
  feature_set: 'a41f09c2d7e3',
  positions: { 'tip.served': { '2': 1_842 }, 'tip.feedback': { '2': 1_377 } },
};

export const partition = (number: number, over: Partial<PartitionStatus> = {}): PartitionStatus => ({
  partition: number,
  state: 'running',
  error: null,
  lag_records: 0,
  silent: null,
  positions: Object.fromEntries(TOPICS.map((topic, index) => [topic, (6 - index) * 1_204 + number * 37])),
  ...over,
});

export const STATUS: ServiceStatus = {
  ready: true,
  log_reachable: true,
  log_silent_ms: 0,
  partitions_unowned: [],
  started_at_ms: NOW_MS - 3_600_000,
  log: 'sqlite',
  group: 'tipstream',
  live_policy: 'egreedy-v1',
  shadow_policy: 'egreedy-v2-shadow',
  feature_set: 'a41f09c2d7e3',
  partitions: [0, 1, 2, 3].map((number) => partition(number)),
  warnings: [],
  counts: { applied: 128_406, rejected: 12, decisions: 9_310, users: 1_204, shadow_agreed: 7_702, shadow_compared: 9_298 },
};

export const REBUILD: RebuildJob = {
  job_id: '6f1cdd0c-8a35-4f52-9d3a-2f8d0f4c1a11',
  user_id: 'ana',
  state: 'done',
  dry_run: false,
  progress: { done: 12_408, total: 12_408 },
  started_at_ms: NOW_MS - 4_000,
  result: {
    user_id: 'ana',
    as_of_ms: NOW_MS,
    before: { ...PROFILE.features, tip_volume_30d: 47 },
    after: PROFILE.features,
    changed: ['tip_volume_30d'],
    replayed_events: 96,
    positions: PROFILE.positions,
  },
};

function rebuildNamed(jobId: string): RebuildJob {
  if (jobId !== REBUILD.job_id) throw new TipstreamError('not_found', `there is no rebuild ${jobId}`);
  return REBUILD;
}

export const SCORES: readonly NewestScore[] = Array.from({ length: 20 }, (_, index) => ({
  decision_id: `d-${9_310 - index}`,
  user_id: ['ana', 'bo', 'chidi-okafor@example.org', 'دانا', 'e5b1c9a0-7d1f-4c57-9f58-0c2f1f7a9d21', '🦊'][index % 6]!,
  policy: 'egreedy-v1',
  chosen_tip_id: `tip-${2_000 + index * 7}`,
  shadow_tip_id: index % 5 === 0 ? `tip-${3_000 + index}` : index % 7 === 6 ? null : `tip-${2_000 + index * 7}`,
  explored: index % 9 === 4,
  candidates: 3 + (index % 17),
  scored_at_ms: NOW_MS - index * 1_734,
}));

export const LAG: readonly LagRow[] = TOPICS.flatMap((topic, index) =>
  [0, 1, 2, 3].map((number): LagRow => {
    const end = (6 - index) * 1_204 + number * 37;
    return {
      group: 'tipstream',
      topic,
      partition: number,
      applied_offset: end,
      committed_offset: end - 3,
      log_end_offset: end,
      lag_records: 0,
      lag_seconds: 0,
      high_watermark: end,
      last_stable_offset: end,
      rate_in: 0,
      rate_out: 0,
      catch_up_seconds: 0,
      status: 'ok',
      rule: `applied_offset = last_stable_offset = high_watermark = ${end}`,
      reason: 'Everything in the log is applied.',
    };
  }),
);

/** Late feedback, servings on time, and no candidates yet. */
export const QUALITY: DataQualityDocument = {
  ...foundQuality(NOW_MS),
  partitions: [0, 1, 2, 3],
  late_after_ms: 3_600_000,
  lateness: [
    {
      ...{ topic: 'tip.served', records: 500, on_time: 498, late: 0, future_dated: 1, not_events: 1, no_timestamp: 0 },
      ...{ median_ms: 40, p95_ms: 1_200, max_ms: 61_000, newest_timestamp_ms: NOW_MS },
      latest: {
        ...{ topic: 'tip.served', partition: 2, offset: 1_841 },
        ...{ event_at_ms: NOW_MS - 70_000, timestamp_ms: NOW_MS - 9_000, late_by_ms: 61_000 },
      },
      read: {
        is_whole: true,
        partitions: [0, 1, 2, 3].map((number) => ({ partition: number, low: 0, from: 1_800, to: 1_925, end: 1_925 })),
      },
    },
    {
      ...{ topic: 'tip.feedback', records: 300, on_time: 180, late: 120, future_dated: 0, not_events: 0, no_timestamp: 0 },
      ...{ median_ms: 900, p95_ms: 17_280_000, max_ms: 18_000_000, newest_timestamp_ms: NOW_MS },
      latest: {
        ...{ topic: 'tip.feedback', partition: 2, offset: 1_377 },
        ...{ event_at_ms: NOW_MS - 18_000_000, timestamp_ms: NOW_MS, late_by_ms: 18_000_000 },
      },
      read: {
        is_whole: false,
        partitions: [0, 1, 2, 3].map((number) => ({ partition: number, low: 0, from: 1_275, to: number > 2 ? 1_275 : 1_400, end: 1_400 })),
      },
    },
    {
      ...{ topic: 'tip.candidates', records: 0, on_time: 0, late: 0, future_dated: 0, not_events: 0, no_timestamp: 0 },
      ...{ median_ms: null, p95_ms: null, max_ms: null, newest_timestamp_ms: null, latest: null },
      read: { is_whole: true, partitions: [0, 1, 2, 3].map((number) => ({ partition: number, low: 0, from: 0, to: 0, end: 0 })) },
    },
  ],
};

export const FEATURES = featuresDocument(coreRegistry, useOf);

export const PROMPTS: PromptsDocument = {
  against: 'v1',
  alpha: 0.05,
  counted_at_ms: NOW_MS,
  prompts: [
    {
      prompt_version: 'v1',
      served: 5_210,
      rewarded: 2_604,
      reward: { n: 2_604, mean: 0.4201, low: 0.3912, high: 0.449 },
      missing_as_zero: { n: 5_210, mean: 0.21, low: 0.1936, high: 0.2264 },
      difference: null,
    },
    {
      prompt_version: 'v2',
      served: 5_187,
      rewarded: 2_611,
      reward: { n: 2_611, mean: 0.5203, low: 0.491, high: 0.5496 },
      missing_as_zero: { n: 5_187, mean: 0.2619, low: 0.2443, high: 0.2795 },
      difference: { reward: { mean: 0.1002, low: 0.0325, high: 0.1679 }, missing_as_zero: { mean: 0.0519, low: -0.0001, high: 0.1039 } },
    },
    {
      prompt_version: null,
      served: 4,
      rewarded: 0,
      reward: { n: 0, mean: null, low: 0, high: 1 },
      missing_as_zero: { n: 4, mean: 0, low: 0, high: 1 },
      difference: null,
    },
  ],
};

export const CANDIDATE = { tip_id: 't1', is_overdue: false, task_age_days: 3, priority: 2 };
export const SCORE_REQUEST = { decision_id: 'd1', user_id: 'ana', requested_at_ms: NOW_MS, candidates: [CANDIDATE] };

export function scoreResponse(request: ScoreRequest): ScoreResponse {
  const chosen = request.candidates[0]!.tip_id;
  const share = 1 / request.candidates.length;
  return {
    decision_id: request.decision_id ?? null,
    recorded: request.decision_id !== undefined,
    user_id: request.user_id,
    policy: 'egreedy-v1',
    scored_at_ms: NOW_MS,
    epsilon: 0.1,
    explored: false,
    chosen_tip_id: chosen,
    ranking: request.candidates.map(({ tip_id }) => ({ tip_id, score: 0, propensity: share })),
    features: {
      names: ['bias', 'is_overdue', 'task_age', 'priority', 'hour_sin', 'hour_cos', 'weekend'],
      vectors: Object.fromEntries(request.candidates.map(({ tip_id }) => [tip_id, [1, 0, 0.099853515625, 0.333251953125, -1, 0, 1]])),
    },
    model: { updates: 0, theta: [0, 0, 0, 0, 0, 0, 0] },
    salt: '0',
    profile: { as_of_ms: NOW_MS, features: PROFILE.features },
    feature_set: PROFILE.feature_set,
    input: null,
    positions: { 'tip.served': 12 },
  };
}

/** Counts lines; those that say "bad" are rejected. */
export async function countLines(lines: AsyncIterable<string | Buffer>): Promise<ProduceSummary> {
  let number = 0;
  let accepted = 0;
  const errors: { line: number; code: string; message: string }[] = [];
  for await (const line of lines) {
    number++;
    if (line.toString() === '') continue;
    if (line.toString().includes('bad'))
      errors.push({ line: number, code: 'invalid_event', message: 'user_id: is missing (expected string)' });
    else accepted++;
  }
  return { accepted, rejected: errors.length, errors };
}

export interface FakeApplication extends Application {
  readonly calls: unknown[][];
  /** What was noted for the audit trail, in order. */
  readonly noted: (AuditedChange | Produced)[];
}

export function fakeApplication(over: Partial<Application> = {}): FakeApplication {
  const calls: unknown[][] = [];
  const noted: (AuditedChange | Produced)[] = [];
  const profile: Application['profile'] = async (userId, asOfMs) => {
    if (userId === 'nobody') throw new TipstreamError('user_not_found', 'no user nobody as of now', { details: { user_id: 'nobody' } });
    if (userId === 'elsewhere')
      throw new TipstreamError('not_owner', 'partition 3 is held by another process', {
        hint: 'ask the owner',
        details: { owner: 'http://10.0.0.7:8080', partition: 3 },
      });
    return { ...PROFILE, user_id: userId, as_of_ms: asOfMs ?? NOW_MS };
  };
  const base: Application = {
    profile,
    ...fakeProvenance(over.profile ?? profile),
    profiles: async (userIds, asOfMs) => ({
      as_of_ms: asOfMs ?? NOW_MS,
      feature_set: PROFILE.feature_set,
      profiles: userIds.map((user_id) =>
        user_id === 'nobody' ? { user_id, found: false, features: null } : { user_id, found: true, features: PROFILE.features },
      ),
    }),
    rebuildUser: async (userId, { dryRun }) => {
      if (userId === 'elsewhere')
        throw new TipstreamError('not_owner', 'partition 3 is held by another process', {
          hint: 'ask the owner',
          details: { owner: 'http://10.0.0.7:8080', partition: 3 },
        });
      return { ...REBUILD, user_id: userId, dry_run: dryRun, state: 'running', result: undefined };
    },
    ...fakeForgets(NOW_MS),
    rebuildJob: (jobId) => rebuildNamed(jobId),
    cancelRebuild: (jobId) => ({ ...rebuildNamed(jobId), state: 'cancelled', result: undefined }),
    score: async (request) => scoreResponse(request),
    generate: async (request) => ({
      text: 'Pay the bill today.',
      prompt_version: request.prompt_version ?? 'v1',
      model: 'stub-1',
      tip_id: request.candidates[0]!.tip_id,
      decision_id: request.decision_id ?? null,
      recorded: request.decision_id !== undefined,
      policy: 'egreedy-v1',
      finish_reason: 'stop',
      usage: { prompt_tokens: 90, completion_tokens: 12, total_tokens: 102 },
    }),
    reward: async ({ action, reward }) => ({
      appended: { topic: 'tip.feedback', partition: 1, offset: 7 },
      action: action ?? (reward === 1 ? 'done' : 'dismiss'),
      reacted_at_ms: NOW_MS,
    }),
    resetUser: async (userId) => ({ user_id: userId, control_id: 'reset-1', effective_at_ms: NOW_MS }),
    policyStats: async (policy, userId) => ({
      policy,
      dimension: 1,
      features: ['bias'],
      hyperparameters: { lambda: 1 },
      ...(userId === undefined
        ? { all: { users: 2, decisions: 9, rewarded: 4, rewards: 1, mean_reward: 0.25 } }
        : { user: { user_id: userId, updates: 3, theta: [0.5], reset_at_ms: null, prior: null, migration: null } }),
    }),
    policies: async () => ({
      policies: [
        {
          policy: 'egreedy-v1',
          policy_hash: '00',
          dimension: 7,
          state_version: 1,
          hyperparameters: { lambda: 1 },
          live_percent: 100,
          shadow: false,
          inputs: [{ name: 'bias', from: 'nothing', normalised: 'always 1' }],
          decisions: 1234,
          rewarded: 400,
          mean_reward: { mean: 0.5, low: 0.4, high: 0.6 },
          card: '# <b>egreedy-v1</b>',
        },
      ],
      settings: {
        epsilon: 0.1,
        epsilon_min: null,
        epsilon_decay: null,
        salt: '0',
        shadow: null,
        shadow_learning: false,
        rewards: { done: 1, dismiss: 0, snooze: 0, window_ms: 604_800_000 },
      },
      priors: [],
      history: [
        { control_id: 'm2', type: 'migrate', effective_at_ms: NOW_MS, policy: 'egreedy-v2', undo: true },
        { control_id: 'm1', type: 'migrate', effective_at_ms: NOW_MS, policy: 'egreedy-v2', from: 'egreedy-v1', train_from_replay: true },
        { control_id: 'p1', type: 'promote', effective_at_ms: NOW_MS, policy: 'egreedy-v1', percent: 100, reason: 'because <i>' },
      ],
      guardrail: [
        {
          rollout_id: 'p1',
          policy: 'egreedy-v1',
          percent: 95,
          alpha: 0.05,
          look: {
            index: 3,
            at_ms: NOW_MS - 600_000,
            age_ms: 600_000,
            treated: { users: 120, decisions: 400, reward: 0.31 },
            control: { users: 60, decisions: 210, reward: 0.4 },
            difference: -0.09,
            interval: { low: -0.2, high: 0.02 },
            spent: 0.0125,
          },
          next_look_at_ms: NOW_MS + 3_600_000,
          why_not: null,
        },
      ],
      counted_at_ms: NOW_MS,
    }),
    prompts: async (against) => ({ ...PROMPTS, against: against ?? PROMPTS.against }),
    produce: (lines) => countLines(lines),
    deadLetters: async (query) => listed(LETTERS, query),
    deadLetter: async ({ topic, partition, offset }) => wholeLetterAt(topic, partition, offset),
    redrive: (request) => ({ ...REDRIVE, request, dry_run: request.dry_run, state: 'running', result: undefined }),
    redriveJob: (jobId) => redriveNamed(jobId),
    stopRedrive: (jobId) => ({ ...redriveNamed(jobId), state: 'stopping', result: undefined }),
    features: () => FEATURES,
    lag: async () => LAG,
    dataQuality: async () => QUALITY,
    qualityHistory: async () => qualityHistory(NOW_MS),
    audit: async () => AUDIT,
    noteChange: (change) => void noted.push(change),
    noteProduced: (produced) => void noted.push(produced),
    status: () => STATUS,
    newestScores: (limit) => SCORES.slice(0, limit),
    metrics: async () =>
      '# HELP tipstream_applied_total Events applied.\n# TYPE tipstream_applied_total counter\ntipstream_applied_total 128406\n',
  };
  const application = { ...base, ...over } as unknown as Record<string, (...given: unknown[]) => unknown>;
  const recorded = Object.fromEntries(
    Object.entries(application).map(([name, method]) => [
      name,
      (...given: unknown[]) => {
        if (!name.startsWith('note')) calls.push([name, ...given]);
        return method(...given);
      },
    ]),
  );
  return { ...(recorded as unknown as Application), calls, noted };
}
