/** Decisions of the real service on the embedded log, evaluated from its state files. */
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { evaluateFile } from '../../src/analysts/evaluate-file.js';
import { evaluateLogged } from '../../src/analysts/evaluate-logged.js';
import type { EvaluationRow } from '../../src/evaluation/row.js';
import { policyNamed } from '../../src/policies/registry.js';
import { vectorFingerprint } from '../../src/policies/vector-fingerprint.js';
import { emptyState, add, posterior } from '../../src/policies/ridge.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { linesOf } from '../../src/producer/line-reader.js';
import type { ControlEvent, ScoredEvent } from '../../src/topics.js';
import { DEFAULT_SETTINGS, type EmbeddedService } from '../support/embedded/service.js';
import { HOUR_MS, openHistory, START_MS, writeHistory, type HistoryBesides } from '../support/embedded/decided-history.js';
import { stateIn } from '../support/state-in.js';

let service: EmbeddedService | undefined;
afterEach(async () => service?.close());

async function ask(policy: string, window: { sinceMs?: number; untilMs?: number } = {}) {
  const rows: EvaluationRow[] = [];
  const evaluation = await evaluateLogged({
    state: stateIn(service!.directory),
    registry: coreRegistry,
    policy: policyNamed(policy),
    defaultPolicy: 'egreedy-v1',
    settings: DEFAULT_SETTINGS,
    nowMs: START_MS + 1000 * HOUR_MS,
    ...window,
    signal: new AbortController().signal,
    onRow: (row) => rows.push(row),
  });
  return { evaluation, rows };
}

/** u2 of the three. */
const PERCENT_OF_ONE = 50;
const promote = (policy: string, hours: number, percent = 100): ControlEvent => ({
  control_id: `p-${policy}`,
  type: 'promote',
  policy,
  percent,
  effective_at_ms: START_MS + hours * HOUR_MS,
});

async function history(decisions: number, besides: HistoryBesides = {}): Promise<ScoredEvent[]> {
  service = await openHistory();
  return writeHistory(service, decisions, besides);
}

describe('evaluating from logged decisions', () => {
  it('a policy on its own decisions has weights of 1, because its replay learns what it learned', async () => {
    await history(60);
    const { evaluation, rows } = await ask('egreedy-v1');
    expect(rows).toHaveLength(60);
    for (const { loggedPropensity, newPropensity } of rows) expect(newPropensity).toBeCloseTo(loggedPropensity, 9);
    expect(evaluation).toMatchObject({
      decisions: 60,
      n: 54,
      missing_rewards: 6,
      set_aside: {},
      decided_by: { 'egreedy-v1': 60 },
      policy: 'egreedy-v1',
    });
    expect(evaluation.ips).toBeCloseTo(evaluation.logged!, 9);
    expect(evaluation.mean_weight).toBeCloseTo(1, 9);
  });

  it('with a prior, theta starts from it in the replay too, and only decisions since it are judged', async () => {
    const prior = (policy: string, hours: number): ControlEvent => {
      const { featureNames } = policyNamed(policy);
      const theta = featureNames.map((name) => (name === 'is_overdue' ? 0.7 : 0.1));
      const vectors = vectorFingerprint(policyNamed(policy));
      const effective_at_ms = START_MS + hours * HOUR_MS;
      return {
        control_id: `prior of ${policy}`,
        type: 'configure',
        effective_at_ms,
        settings: { prior: { policy, theta, lambda: 5, vectors } },
      };
    };
    await history(60, { controls: [prior('egreedy-v1', 20), prior('egreedy-v2', 30)] });
    const own = await ask('egreedy-v1');
    expect(own.evaluation).toMatchObject({ decisions: 40, set_aside: {}, prior: 'prior of egreedy-v1', lambda: 5 });
    for (const { loggedPropensity, newPropensity } of own.rows) expect(newPropensity).toBeCloseTo(loggedPropensity, 9);
    expect((await ask('egreedy-v1', { sinceMs: 0 })).evaluation.set_aside).toEqual({ 'made with other settings': 20 });
    expect((await ask('egreedy-v2')).evaluation).toMatchObject({ decisions: 30, set_aside: {}, prior: 'prior of egreedy-v2' });
    const before = await ask('egreedy-v2', { sinceMs: START_MS });
    expect(before.evaluation.set_aside).toEqual({ 'made with other settings': 20, 'before its prior': 10 });
  });

  it('finds the same in a file with the contexts, whatever the order of its lines', async () => {
    const events = await history(45);
    const { rows } = await ask('egreedy-v2');
    const rewards = new Map(rows.map(({ decisionId, reward }) => [decisionId, reward]));
    const lines = events.map(
      ({ decision_id, user_id, profile: { as_of_ms: at, features }, chosen_tip_id, ranking, features: { vectors } }) => ({
        decision_id,
        user_id,
        requested_at_ms: at,
        profile_features: features,
        chosen_tip_id,
        reward: rewards.get(`${user_id} ${decision_id}`),
        reacted_at_ms: at + 2,
        candidates: ranking.map(({ tip_id, propensity }) => ({
          tip_id,
          is_overdue: vectors[tip_id]![1] === 1,
          task_age_days: 1,
          priority: 2,
          propensity,
          category: tip_id === chosen_tip_id ? (Number(decision_id.slice(1)) % 2 === 0 ? 'home' : 'work') : null,
        })),
      }),
    );
    const file = async (of: readonly unknown[]) => {
      const rows: EvaluationRow[] = [];
      const evaluation = await evaluateFile({
        lines: linesOf(Readable.from([`\ufeff${of.map((line) => JSON.stringify(line)).join('\r\n')}`])),
        name: 'f',
        policy: policyNamed('egreedy-v2'),
        epsilon: 0.1,
        signal: new AbortController().signal,
        onRow: (row) => rows.push(row),
      });
      return { evaluation, rows };
    };
    const found = await file(lines.toReversed());
    expect(found.rows).toEqual(rows);
    expect(found.evaluation).toMatchObject({ policy: 'egreedy-v2', decisions: 45, set_aside: {} });
    expect(
      (
        await file(
          lines.map((line, i) =>
            i === 7 ? { ...line, served_tip_id: line.candidates.find(({ tip_id }) => tip_id !== line.chosen_tip_id)!.tip_id } : line,
          ),
        )
      ).evaluation,
    ).toMatchObject({ set_aside: { 'another tip was served': 1 } });
  });

  it('forgets a user where the user was reset, as the policy did', async () => {
    await history(60, {
      controls: ['u0', 'u2'].map((user) => ({
        control_id: `r-${user}`,
        type: 'reset',
        user_id: user,
        effective_at_ms: START_MS + 30 * HOUR_MS,
      })),
    });
    const { rows } = await ask('egreedy-v1');
    expect(rows).toHaveLength(60);
    for (const { loggedPropensity, newPropensity } of rows) expect(newPropensity).toBeCloseTo(loggedPropensity, 9);
  });

  it('judges decisions whose epsilon decays, and lets the other policy explore as much as each of them did', async () => {
    const settings = { epsilon_min: 0.02, epsilon_decay: 0.5 };
    const decay: ControlEvent = { control_id: 'c1', type: 'configure', effective_at_ms: START_MS, settings };
    const events = await history(60, { controls: [decay] });
    expect(new Set(events.map(({ epsilon }) => epsilon)).size).toBeGreaterThan(10);
    const own = await ask('egreedy-v1');
    expect(own.evaluation.set_aside).toEqual({});
    for (const { loggedPropensity, newPropensity } of own.rows) expect(newPropensity).toBeCloseTo(loggedPropensity, 9);
    const least = new Map(events.map(({ user_id, decision_id, epsilon }) => [`${user_id} ${decision_id}`, epsilon / 2]));
    const { rows } = await ask('egreedy-v2');
    expect(rows).toHaveLength(60);
    for (const { decisionId, newPropensity } of rows)
      expect([least.get(decisionId)!, 0.5, 1 - least.get(decisionId)!].some((one) => Math.abs(one - newPropensity) < 1e-9)).toBe(true);
  });

  it('sets aside what linucb decided, which would never have chosen otherwise', async () => {
    const events = await history(60, { controls: [promote('linucb', 30)] });
    const sure = events.filter(({ ranking }) => ranking.some(({ propensity }) => propensity === 0)).length;
    expect(sure).toBeGreaterThan(20);
    const { evaluation } = await ask('egreedy-v2');
    expect(evaluation).toMatchObject({
      baseline: 'linucb',
      since_ms: START_MS + 30 * HOUR_MS,
      decisions: 30,
      decided_by: { linucb: 30 },
      set_aside: { 'no exploration': sure },
    });
    expect(evaluation.n + evaluation.missing_rewards).toBe(30 - sure);
  });

  it('compares with the policy that is live on its own decisions, since the newest change, and says what share they are', async () => {
    await history(60, { controls: [promote('egreedy-v2', 20, PERCENT_OF_ONE)] });
    const { evaluation, rows } = await ask('egreedy-v2');
    const { 'egreedy-v1': own = 0, 'egreedy-v2': others = 0 } = evaluation.decided_by;
    expect([own + others, own > 0, others > 0]).toEqual([40, true, true]);
    expect(evaluation).toMatchObject({
      baseline: 'egreedy-v1',
      trained: true,
      sums: ['egreedy-v1>egreedy-v2', 'egreedy-v2'],
      since_ms: START_MS + 20 * HOUR_MS,
      until_ms: START_MS + 1000 * HOUR_MS,
      set_aside: { 'another policy decided': others },
      baseline_share: own / 40,
    });
    expect(rows).toHaveLength(own);
    const whole = await ask('egreedy-v2', { sinceMs: 0, untilMs: START_MS + 50 * HOUR_MS });
    expect(whole.evaluation).toMatchObject({ since_ms: 0, decisions: 50 });
    // What was learned before the window counts in it: the rows that both have are the same.
    const later = new Set(rows.map(({ decisionId }) => decisionId));
    expect(whole.rows.filter(({ decisionId }) => later.has(decisionId))).toEqual(rows.slice(0, whole.rows.length - 20));
  });

  it('goes by the epsilon in effect, and sets aside what a process with another option decided', async () => {
    const configure: ControlEvent = {
      control_id: 'c',
      type: 'configure',
      settings: { epsilon: 0.5 },
      effective_at_ms: START_MS + 20 * HOUR_MS,
    };
    await history(60, { controls: [configure] });
    const found = await ask('egreedy-v1');
    expect(found.evaluation).toMatchObject({ epsilon: 0.5, since_ms: configure.effective_at_ms, decisions: 40, set_aside: {} });
    for (const { loggedPropensity, newPropensity } of found.rows) expect(newPropensity).toBeCloseTo(loggedPropensity, 9);
    expect((await ask('egreedy-v1', { sinceMs: 0 })).evaluation.set_aside).toEqual({ 'made with other settings': 20 });
  });

  it('goes by what reactions are worth, and sets aside decisions whose rewards were worth something else', async () => {
    const configure: ControlEvent = {
      control_id: 'c',
      type: 'configure',
      settings: { rewards: { done: 0.5, dismiss: -0.5 } },
      effective_at_ms: START_MS + 4 * HOUR_MS,
    };
    await history(60, { controls: [configure] });
    const { evaluation, rows } = await ask('egreedy-v2');
    // Its own replay learns what it learned, when it did.
    for (const { loggedPropensity, newPropensity } of (await ask('egreedy-v1')).rows)
      expect(newPropensity).toBeCloseTo(loggedPropensity, 9);
    expect(evaluation).toMatchObject({
      since_ms: configure.effective_at_ms,
      decisions: 56,
      set_aside: {},
      rewards: { done: 0.5, dismiss: -0.5 },
    });
    expect(rows.some(({ reward }) => reward === -0.5)).toBe(true);
    expect(evaluation.missing_as_zero.difference.confidence_sequence.low).toBeGreaterThan(-1.5);
    expect((await ask('egreedy-v2', { sinceMs: START_MS })).evaluation.set_aside).toEqual({ 'made with other settings': 4 });
  });

  it('of another policy uses what was known before each decision and nothing after it', async () => {
    const events = await history(45);
    const { rows } = await ask('egreedy-v2');
    // By hand: user by user, solve from the earlier decisions' rewards.
    const policy = policyNamed('egreedy-v2');
    const byUser = new Map<string, ScoredEvent[]>();
    for (const event of events) byUser.set(event.user_id, [...(byUser.get(event.user_id) ?? []), event]);
    for (const [user, own] of byUser) {
      own.sort((a, b) => a.profile.as_of_ms - b.profile.as_of_ms);
      const state = emptyState(12);
      for (const event of own) {
        const { theta } = posterior(state, 1);
        const vector = (tip: string) => policy.fromRecorded(event.features.vectors[tip]!, event.profile.features, null);
        const score = (tip: string) => vector(tip).reduce((sum, x, i) => sum + x * theta[i]!, 0);
        const tips = Object.keys(event.features.vectors);
        const best = Math.max(...tips.map(score));
        const highest = tips.filter((tip) => best - score(tip) <= 1e-9);
        const expected = 0.05 + (highest.includes(event.chosen_tip_id) ? 0.9 / highest.length : 0);
        const row = rows.find(({ decisionId }) => decisionId === `${user} ${event.decision_id}`)!;
        expect(row.newPropensity).toBeCloseTo(expected, 9);
        if (row.reward !== null) add(state, vector(event.chosen_tip_id), row.reward, 1);
      }
    }
  });

  it('sets decisions aside whose served tip was not the chosen one, and tells segments apart', async () => {
    await history(40, { servesOther: true });
    const { evaluation } = await ask('egreedy-v2');
    expect(evaluation.set_aside).toEqual({ 'another tip was served': 20 });
    expect(evaluation.n + evaluation.missing_rewards).toBe(20);
    expect(new Set(evaluation.segments.map(({ dimension }) => dimension))).toEqual(new Set(['persona', 'tenure', 'hour', 'category']));
    expect(evaluation.doubly_robust).not.toBeNull();
    expect(evaluation.verdict).toBe('UNEVALUABLE');
  });
});
