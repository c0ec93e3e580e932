/**
 * What policies decide, how long they take, their rewards and who is live. Counters are of this process; gauges come from the state
 * files held here. Labels have few values: policies have the names of the registry, and whatever else the log names is `other`.
 */
import type { PolicyFacts } from '../policies/policy-facts.js';
import { Counter, Histogram, type Registry } from 'prom-client';
import { findPolicy, POLICIES, policyOfEvent } from '../../policies/registry.js';
import { CONTROL_TYPES } from '../../topics.js';
import { collectedGauge, type GaugeShape } from './collected-gauge.js';
import { priorMetrics } from './prior-metrics.js';
import { GUARDRAIL_PREFIX } from '../policies/guardrail.js';
import type { GuardrailLook, WatchedArm } from '../policies/guardrail-state.js';
import type { Scoring } from '../../consumers/fold/reports.js';

const SCORING_BUCKETS_S = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
const ANSWER_BUCKETS_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
const OTHER = 'other';

export class PolicyMetrics {
  readonly #decisions: Counter<'policy' | 'explored'>;
  readonly #scorings: Histogram<'policy'>;
  readonly #answers: Histogram<'recorded'>;

  /** @param facts undefined while no partition is held here */
  constructor(registry: Registry, facts: () => Promise<PolicyFacts | undefined>) {
    const registers = [registry];
    this.#decisions = new Counter({
      name: 'tipstream_decisions_total',
      help: 'Decisions made and recorded since this process started',
      labelNames: ['policy', 'explored'],
      registers,
    });
    for (const { name: policy } of POLICIES) for (const explored of ['false', 'true']) this.#decisions.inc({ policy, explored }, 0);
    this.#scorings = new Histogram({
      name: 'tipstream_scoring_duration_seconds',
      help: 'Time to make one decision: profile, vectors, scores and draw; the shadow under its own name',
      labelNames: ['policy'],
      buckets: SCORING_BUCKETS_S,
      registers,
    });
    this.#answers = new Histogram({
      name: 'tipstream_score_answer_duration_seconds',
      help: 'Time from a request to score to its answer, with the wait for the batch under way and, where it is recorded, for the log',
      labelNames: ['recorded'],
      buckets: ANSWER_BUCKETS_S,
      registers,
    });

    const counted = (name: string, help: string, of: 'decisions' | 'rewarded' | 'rewards'): void =>
      collectedGauge(registry, { name, help, labelNames: ['policy'] }, async (set) => {
        const counts = (await facts())?.counts;
        if (counts === undefined) return;
        const sums = new Map(POLICIES.map(({ name: policy }) => [policy, 0]));
        for (const [policy, count] of counts) sums.set(known(policy), (sums.get(known(policy)) ?? 0) + count[of]);
        for (const [policy, sum] of sums) set({ policy }, sum);
      });
    counted('tipstream_policy_decisions', 'Decisions in the state files, by the policy that made them', 'decisions');
    counted('tipstream_policy_rewarded', 'Decisions in the state files that have a reward', 'rewarded');
    counted('tipstream_policy_rewards', 'Sum of the rewards of the decisions in the state files', 'rewards');

    const live = (name: string, help: string, whole: number): void =>
      collectedGauge(registry, { name, help, labelNames: ['policy'] }, async (set) => {
        const shares = (await facts())?.rollout.shares;
        if (shares === undefined) return;
        for (const { name: policy } of POLICIES) {
          const percent = shares.filter((share) => share.policy === policy).reduce((sum, share) => sum + share.percent, 0);
          set({ policy }, (percent * whole) / 100);
        }
      });
    live('tipstream_policy_live_ratio', 'Share of the users for whom the policy is live, 0 to 1', 1);
    live('tipstream_policy_live_percent', 'The same in percent', 100);
    collectedGauge(
      registry,
      {
        name: 'tipstream_policy_controls',
        help: 'Events of policy.control for all users, by type and by who wrote them',
        labelNames: ['type', 'by'],
      },
      async (set) => {
        const controls = (await facts())?.controls;
        if (controls === undefined) return;
        const count = (type: string, byGuardrail: boolean): number =>
          controls.filter((control) => control.type === type && control.control_id.startsWith(GUARDRAIL_PREFIX) === byGuardrail).length;
        for (const type of CONTROL_TYPES) if (type !== 'reset') set({ type, by: 'people' }, count(type, false));
        set({ type: 'rollback', by: 'guardrail' }, count('rollback', true));
      },
    );
    collectedGauge(
      registry,
      { name: 'tipstream_guardrail_watching', help: '1 while the guardrail would take a rollout that stands back, were it surely worse' },
      async (set) => set({}, (await facts())?.guardrail.some(({ why }) => why === null) === true ? 1 : 0),
    );
    const looked = <Label extends string>(
      gauge: GaugeShape<Label>,
      of: (look: GuardrailLook) => readonly (readonly [labels: Record<Label, string>, value: number | null])[],
    ): void =>
      collectedGauge(registry, gauge, async (set) => {
        const look = (await facts())?.guardrail.find((one) => one.look !== null)?.look;
        for (const [labels, value] of look == null ? [] : of(look)) if (value !== null) set(labels, value);
      });
    const arms = (of: (arm: WatchedArm) => number | null) => (look: GuardrailLook) =>
      (['treated', 'control'] as const).map((arm) => [{ arm }, of(look[arm])] as const);
    looked(
      {
        name: 'tipstream_guardrail_users',
        help: "Users with a decision in each arm of the newest rollout's last look",
        labelNames: ['arm'],
      },
      arms(({ users }) => users),
    );
    looked(
      {
        name: 'tipstream_guardrail_reward',
        help: 'Mean reward of the decisions of each arm by the age of the look',
        labelNames: ['arm'],
      },
      arms(({ reward }) => reward),
    );
    looked(
      {
        name: 'tipstream_guardrail_difference',
        help: 'Reward per decision that the treated have more, after the adjustment, with its interval',
        labelNames: ['end'],
      },
      ({ difference, interval }) => [
        [{ end: 'low' }, interval?.low ?? null],
        [{ end: 'mean' }, difference],
        [{ end: 'high' }, interval?.high ?? null],
      ],
    );
    looked({ name: 'tipstream_guardrail_alpha_spent', help: 'Probability of a false rollback that may have been used up' }, ({ spent }) => [
      [{}, spent],
    ]);
    priorMetrics(registry, facts);
  }

  committed({ scored }: { readonly scored: readonly Scoring[] }): void {
    for (const { policy, explored, decided, tookMs } of scored) {
      if (decided) this.#decisions.inc({ policy: known(policy), explored: String(explored) });
      this.#scorings.observe({ policy: policyOfEvent(policy) === undefined ? OTHER : policy }, tookMs / 1000);
    }
  }

  /** Times what answers a request to score. Throws what it throws, and then counts nothing. */
  async answered<Answer extends { readonly recorded: boolean }>(answer: () => Promise<Answer>): Promise<Answer> {
    const beganMs = performance.now();
    const answered = await answer();
    this.#answers.observe({ recorded: String(answered.recorded) }, (performance.now() - beganMs) / 1000);
    return answered;
  }
}

function known(policy: string): string {
  return findPolicy(policy) === undefined ? OTHER : policy;
}
