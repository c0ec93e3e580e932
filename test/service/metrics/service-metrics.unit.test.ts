import { PerformanceObserver } from 'node:perf_hooks';
import { describe, expect, it, vi } from 'vitest';
import type { Scoring } from '../../../src/consumers/fold/reports.js';
import type { PartitionFacts } from '../../../src/service/metrics/partition-metrics.js';
import { ServiceMetrics, type MetricsDeps } from '../../../src/service/metrics/service-metrics.js';
import type { PolicyFacts } from '../../../src/service/policies/policy-facts.js';
import type { LagRow } from '../../../src/log/lag.js';
import type { ControlEvent } from '../../../src/topics.js';
import { metricsDeps, samples } from '../../support/exposition.js';

const HERE: PartitionFacts = {
  number: 3,
  state: 'running',
  code: undefined,
  path: undefined,
  lastRecordMs: new Map(),
  newestEventMs: new Map(),
};
const source = (backlog: number, over: Partial<MetricsDeps> = {}): MetricsDeps =>
  metricsDeps({ counts: () => new Map([['decisions', backlog]]), backlog: () => backlog, partitions: () => [HERE], ...over });
const batch = (records: number, tookMs: number, scored: readonly Scoring[]) => ({
  records,
  committed: { tookMs, observed: new Map(), scored },
  gained: new Map(),
});
const lagRow = (records: number): LagRow => ({
  group: 'g',
  topic: 't',
  partition: 3,
  applied_offset: 0,
  committed_offset: 0,
  log_end_offset: records,
  lag_records: records,
  lag_seconds: records / 2,
  high_watermark: records,
  last_stable_offset: records,
  rate_in: null,
  rate_out: null,
  catch_up_seconds: null,
  status: 'warn',
  rule: '',
  reason: '',
});
const control = (control_id: string, type: ControlEvent['type']): ControlEvent => ({ control_id, type, effective_at_ms: 0 });
const FACTS: PolicyFacts = {
  rollout: {
    shares: [
      { policy: 'linucb', percent: 12.5, controlId: 'b', effectiveAtMs: 2, rolloutId: 'b', holdout: null },
      { policy: 'egreedy-v1', percent: 87.5, controlId: null, effectiveAtMs: null, rolloutId: null, holdout: null },
    ],
    settings: { epsilon: 0.1, salt: '0', shadow: null, shadowLearning: false },
  },
  controls: [
    control('a', 'promote'),
    control('b', 'promote'),
    control('guardrail-a', 'rollback'),
    control('mine', 'rollback'),
    control('c', 'configure'),
  ],
  setPriors: [
    { policy: 'egreedy-v2', stale: false },
    { policy: 'egreedy-v1', stale: true },
  ],
  priors: [
    { policy: 'egreedy-v2', controlId: 'p2', rewards: 1_000, error: 0.3, constantError: 0.25, isWorse: true },
    { policy: 'egreedy-v1', controlId: 'p1', rewards: 7, error: null, constantError: null, isWorse: null },
  ],
  counts: new Map([
    ['egreedy-v1', { policy: 'egreedy-v1', decisions: 10, rewarded: 6, rewards: 4 }],
    ['theirs', { policy: 'theirs', decisions: 3, rewarded: 2, rewards: 1 }],
    ['ours', { policy: 'ours', decisions: 1, rewarded: 1, rewards: 1 }],
  ]),
  guardrail: [
    { rolloutId: 'c', policy: 'linucb', percent: 5, alpha: 0.05, look: null, nextLookMs: 9, why: 'the first look is still to come' },
    {
      rolloutId: 'b',
      policy: 'linucb',
      percent: 12.5,
      alpha: 0.05,
      look: {
        index: 3,
        atMs: 7,
        ageMs: 600_000,
        treated: { users: 40, decisions: 400, reward: 0.25 },
        control: { users: 280, decisions: 2_800, reward: 0.375 },
        difference: -0.125,
        interval: { low: -0.25, high: 0.0625 },
        spent: 0.0125,
      },
      nextLookMs: 9,
      why: null,
    },
  ],
};

describe('metrics', () => {
  it('are of each service, and of the process once, however many services it has had', async () => {
    const observing = vi.spyOn(PerformanceObserver.prototype, 'observe');
    const [one, other] = [new ServiceMetrics(source(1)), new ServiceMetrics(source(2))];
    one.applied(batch(7, 3, []));
    const texts = [await one.exposition(), await other.exposition()];
    for (let i = 0; i < 5; i++) await new ServiceMetrics(source(i)).exposition();
    expect(observing.mock.calls.length).toBeLessThanOrEqual(1);
    expect(texts.map((text) => /^tipstream_outbox_messages (\d+)$/m.exec(text)?.[1])).toEqual(['1', '2']);
    expect(texts.map((text) => /^tipstream_records_total (\d+)$/m.exec(text)?.[1])).toEqual(['7', '0']);
    for (const text of texts) expect(text.match(/^process_cpu_user_seconds_total /gm)).toHaveLength(1);
  });

  it('tell of one moment: lag in records and in seconds, asked for once', async () => {
    let asked = 0;
    const metrics = new ServiceMetrics(source(0, { lag: async () => [lagRow(++asked)] }));
    for (const records of [1, 2]) {
      const now = samples(await metrics.exposition());
      expect([
        now.get('tipstream_lag_records{topic="t",partition="3"}'),
        now.get('tipstream_lag_seconds{topic="t",partition="3"}'),
      ]).toEqual([records, records / 2]);
    }
    expect(asked).toBe(2);
  });

  it('are what can be had: neither lag nor policies keep the rest away', async () => {
    const away = (): Promise<never> => Promise.reject(new Error('away'));
    const now = samples(await new ServiceMetrics(source(4, { lag: away, policies: away })).exposition());
    expect(now.get('tipstream_outbox_messages')).toBe(4);
    expect([...now].filter(([name]) => /^tipstream_(lag|policy|guardrail)/.test(name))).toEqual([['tipstream_guardrail_watching', 0]]);
  });
});

describe('lag', () => {
  it('is of the partitions held here: those of others have their own members', async () => {
    const metrics = new ServiceMetrics(source(0, { lag: async () => [lagRow(1), { ...lagRow(2), partition: 4, status: 'unassigned' }] }));
    const lag = [...samples(await metrics.exposition())].filter(([name]) => name.startsWith('tipstream_lag'));
    expect(lag.filter(([name]) => name.includes('partition="4"'))).toEqual([]);
    expect(lag.filter(([, value]) => value === 1)).toEqual([
      ['tipstream_lag_records{topic="t",partition="3"}', 1],
      ['tipstream_lag_status{topic="t",partition="3",status="warn"}', 1],
    ]);
  });
});

/** There may be more policies than these, and then as many more lines. */
const OF_FIRST_POLICIES = /policy="(random|egreedy-v1|egreedy-v2|linucb|other)"/;

describe('metrics of policies', () => {
  const gauges = async (facts: PolicyFacts | undefined) =>
    new Map(
      [...samples(await new ServiceMetrics(source(0, { policies: async () => facts })).exposition())].filter(([name]) =>
        /^tipstream_(policy|guardrail|prior)/.test(name),
      ),
    );

  it('say who is live, what each has earned and what was done about it', async () => {
    const ofFirst = [...(await gauges(FACTS))].filter(([name]) => !name.includes('policy=') || OF_FIRST_POLICIES.test(name));
    expect(Object.fromEntries(ofFirst)).toEqual({
      'tipstream_policy_decisions{policy="random"}': 0,
      'tipstream_policy_decisions{policy="egreedy-v1"}': 10,
      'tipstream_policy_decisions{policy="egreedy-v2"}': 0,
      'tipstream_policy_decisions{policy="linucb"}': 0,
      'tipstream_policy_decisions{policy="other"}': 4,
      'tipstream_policy_rewarded{policy="random"}': 0,
      'tipstream_policy_rewarded{policy="egreedy-v1"}': 6,
      'tipstream_policy_rewarded{policy="egreedy-v2"}': 0,
      'tipstream_policy_rewarded{policy="linucb"}': 0,
      'tipstream_policy_rewarded{policy="other"}': 3,
      'tipstream_policy_rewards{policy="random"}': 0,
      'tipstream_policy_rewards{policy="egreedy-v1"}': 4,
      'tipstream_policy_rewards{policy="egreedy-v2"}': 0,
      'tipstream_policy_rewards{policy="linucb"}': 0,
      'tipstream_policy_rewards{policy="other"}': 2,
      'tipstream_policy_live_ratio{policy="random"}': 0,
      'tipstream_policy_live_ratio{policy="egreedy-v1"}': 0.875,
      'tipstream_policy_live_ratio{policy="egreedy-v2"}': 0,
      'tipstream_policy_live_ratio{policy="linucb"}': 0.125,
      'tipstream_policy_live_percent{policy="random"}': 0,
      'tipstream_policy_live_percent{policy="egreedy-v1"}': 87.5,
      'tipstream_policy_live_percent{policy="egreedy-v2"}': 0,
      'tipstream_policy_live_percent{policy="linucb"}': 12.5,
      'tipstream_policy_controls{type="promote",by="people"}': 2,
      'tipstream_policy_controls{type="rollback",by="people"}': 1,
      'tipstream_policy_controls{type="rollback",by="guardrail"}': 1,
      'tipstream_policy_controls{type="migrate",by="people"}': 0,
      'tipstream_policy_controls{type="configure",by="people"}': 1,
      tipstream_guardrail_watching: 1,
      'tipstream_guardrail_users{arm="treated"}': 40,
      'tipstream_guardrail_users{arm="control"}': 280,
      'tipstream_guardrail_reward{arm="treated"}': 0.25,
      'tipstream_guardrail_reward{arm="control"}': 0.375,
      'tipstream_guardrail_difference{end="low"}': -0.25,
      'tipstream_guardrail_difference{end="mean"}': -0.125,
      'tipstream_guardrail_difference{end="high"}': 0.0625,
      tipstream_guardrail_alpha_spent: 0.0125,
      'tipstream_prior_error{policy="egreedy-v2",by="prior"}': 0.3,
      'tipstream_prior_error{policy="egreedy-v2",by="constant"}': 0.25,
      'tipstream_prior_worse{policy="egreedy-v2"}': 1,
      'tipstream_prior_stale{policy="egreedy-v2"}': 0,
      'tipstream_prior_stale{policy="egreedy-v1"}': 1,
    });
  });

  it('leave out what is not known: counts that are still made, a promotion that there is none of', async () => {
    const now = await gauges({ ...FACTS, counts: undefined, guardrail: [] });
    expect([...now.keys()].filter((name) => /decisions|reward/.test(name))).toEqual([]);
    expect(now.get('tipstream_guardrail_watching')).toBe(0);
    expect(now.get('tipstream_policy_live_percent{policy="linucb"}')).toBe(12.5);
  });

  it('count decisions and time what was scored, the shadow under its own name, names that nobody knows under one', async () => {
    const metrics = new ServiceMetrics(source(0));
    metrics.applied(
      batch(0, 1, [
        { policy: 'egreedy-v1', explored: false, decided: true, tookMs: 0.15 },
        { policy: 'egreedy-v1', explored: true, decided: true, tookMs: 3 },
        { policy: 'egreedy-v2-shadow', explored: true, decided: false, tookMs: 30 },
        { policy: 'theirs', explored: false, decided: true, tookMs: 1 },
      ]),
    );
    const now = samples(await metrics.exposition());
    expect([...now].filter(([name]) => name.startsWith('tipstream_decisions_total') && /policy="(egreedy-v1|other)"/.test(name))).toEqual([
      ['tipstream_decisions_total{policy="egreedy-v1",explored="false"}', 1],
      ['tipstream_decisions_total{policy="egreedy-v1",explored="true"}', 1],
      ['tipstream_decisions_total{policy="other",explored="false"}', 1],
    ]);
    expect(now.get('tipstream_decisions_total{policy="egreedy-v2",explored="true"}')).toBe(0);
    expect(now.get('tipstream_scoring_duration_seconds_bucket{le="0.0001",policy="egreedy-v1"}')).toBe(0);
    expect(now.get('tipstream_scoring_duration_seconds_bucket{le="0.0002",policy="egreedy-v1"}')).toBe(1);
    expect(now.get('tipstream_scoring_duration_seconds_count{policy="egreedy-v1"}')).toBe(2);
    expect(now.get('tipstream_scoring_duration_seconds_sum{policy="egreedy-v2-shadow"}')).toBeCloseTo(0.03, 12);
    expect(now.get('tipstream_scoring_duration_seconds_count{policy="other"}')).toBe(1);
  });

  it('time answers to requests, and not their failures', async () => {
    const metrics = new ServiceMetrics(source(0));
    expect(await metrics.policies.answered(async () => ({ recorded: true, chosen: 't' }))).toEqual({ recorded: true, chosen: 't' });
    await metrics.policies.answered(async () => ({ recorded: false }));
    await expect(metrics.policies.answered(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const now = samples(await metrics.exposition());
    expect([
      now.get('tipstream_score_answer_duration_seconds_count{recorded="true"}'),
      now.get('tipstream_score_answer_duration_seconds_count{recorded="false"}'),
    ]).toEqual([1, 1]);
  });
});
