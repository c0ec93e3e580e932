/** `policies prior` on a log of egreedy-v1's decisions: what it fits, what it refuses, and what newcomers are then scored by. */
import { beforeEach, describe, expect, it } from 'vitest';
import { policiesFamily } from '../../src/cli/commands/policies/policies.js';
import { verifyCommand } from '../../src/cli/commands/verify.js';
import { createProducer } from '../../src/producer/producer.js';
import { policyNamed } from '../../src/policies/registry.js';
import { defaultRegistry } from '../../src/projections/registry.js';
import type { CandidatesEvent } from '../../src/topics.js';
import { oracleTheta } from '../oracle/policy.js';
import { oraclePrior, type OracleUser } from '../oracle/prior.js';
import { runCommand } from '../support/cli-in-process.js';
import { embeddedService } from '../support/embedded/directory.js';
import { readHistory } from '../support/embedded/history.js';
import { appendStretch } from '../support/embedded/logged-world.js';
import type { EmbeddedService } from '../support/embedded/service.js';

const DAY_MS = 86_400_000;
/** A Saturday about three weeks ago, so that the log has both kinds of days whenever this runs. */
const START_MS = (Math.floor((Date.now() / DAY_MS - 20) / 7) * 7 + 2) * DAY_MS;
const V3 = policyNamed('egreedy-v3');
let embedded: EmbeddedService;
beforeEach(async () => {
  embedded = await embeddedService({ registry: defaultRegistry, settings: { shadow: 'egreedy-v3' } });
});

const run = (...words: string[]) => runCommand([policiesFamily, verifyCommand], [...words, '--data', embedded.directory]);
const prior = async (...words: string[]) => {
  const answer = await run('policies', 'prior', 'egreedy-v3', '--json', ...words);
  return { ...answer, document: answer.stdout === '' ? undefined : (JSON.parse(answer.stdout) as Document) };
};
interface Document {
  readonly control_id: string | null;
  readonly users: number;
  readonly rewards: number;
  readonly decisions_per_user: number;
  readonly lambda: number;
  readonly estimated_lambda: number;
  readonly noise: number;
  readonly theta: readonly { readonly entry: string; readonly value: number; readonly standard_error: number | null }[];
  readonly error?: { readonly message: string; readonly hint: string };
}

/** People do what is overdue. */
const world = (users: number, decisions: number) =>
  appendStretch(embedded, {
    ...{ users, decisions, fromMs: START_MS, everyMs: 60_000, epsilon: 0.9, prefersOverdue: false },
    chances: { overdue: 0.8, other: 0.3 },
    policy: 'egreedy-v1',
  });
const request = (id: string, atMs: number, userId = 'newcomer'): CandidatesEvent => ({
  decision_id: id,
  user_id: userId,
  requested_at_ms: atMs,
  candidates: [true, false].map((is_overdue) => ({ tip_id: `${id}-${is_overdue}`, is_overdue, task_age_days: 3, priority: 2 })),
});
/** What every user was shown, in egreedy-v3's vectors, from the records alone: volume 20, completion and dismiss rates of 1/2. */
async function lessons(limit: number): Promise<OracleUser[]> {
  const { scored, feedback } = await readHistory(embedded);
  const actions = new Map(feedback.map(({ event }) => [event.tip_id, event.action]));
  const grid = (value: number) => Math.round(value * 4096) / 4096;
  const users = new Map<string, { xs: number[][]; rewards: number[] }>();
  for (const { event } of scored) {
    const user = users.get(event.user_id) ?? { xs: [], rewards: [] };
    users.set(event.user_id, user);
    if (user.xs.length === limit) continue;
    const seven = event.features.vectors[event.chosen_tip_id]!;
    const trusted = grid((0.5 - 0.25) * (20 / 30));
    user.xs.push([
      ...seven,
      ...[0.5, 0.5, 0, 0, grid(Math.log(21) / Math.log(101))],
      ...[0, 0, 0],
      ...seven.slice(1, 4).map((entry) => grid(trusted * entry)),
    ]);
    user.rewards.push(actions.get(event.chosen_tip_id) === 'done' ? 1 : 0);
  }
  return [...users.values()];
}

describe('of enough users', () => {
  beforeEach(async () => {
    await embedded.start();
    await world(102, 102 * 50);
    await embedded.catchUp();
  });

  it('fits what a naive calculation fits, in vectors made of the records of another policy, and newcomers start from it', async () => {
    const dry = await prior('--dry-run');
    expect(dry).toMatchObject({ code: 0, document: { control_id: null, dry_run: true, replaces: null, users: 102, users_known: 102 } });
    expect((await readHistory(embedded)).control).toEqual([]);
    const { document, stderr } = await prior('--reason', 'a test');
    const { users, rewards, decisions_per_user, lambda, theta, noise, estimated_lambda } = document!;
    expect({ users, rewards, decisions_per_user, lambda }).toEqual({ users: 102, rewards: 5_100, decisions_per_user: 100, lambda: 10 });
    expect(theta.map(({ entry }) => entry)).toEqual(V3.featureNames);
    expect(estimated_lambda).toBeGreaterThan(0.1);
    // The rest are the same for all decisions here, or copies of others.
    const told = ['bias', 'is_overdue', 'hour_sin', 'hour_cos', 'weekend'];
    expect(theta.filter(({ standard_error: error }) => error !== null).map(({ entry }) => entry)).toEqual(told);
    expect(stderr).toMatch(/these users tell nothing of task_age, priority, completion_rate_30d, .*: theta_0 is 0 there/);
    const columns = told.map((name) => V3.featureNames.indexOf(name));
    const naive = oraclePrior(await lessons(100), lambda, columns);
    columns.forEach((at, i) => {
      expect(Math.abs(theta[at]!.value - naive.theta[i]!)).toBeLessThan(1e-9);
      expect(Math.abs(theta[at]!.standard_error! - naive.errors[i]!)).toBeLessThan(1e-9);
    });
    expect(Math.abs(noise - naive.noise)).toBeLessThan(1e-9);
    expect(theta.find(({ entry }) => entry === 'is_overdue')!.value).toBeCloseTo(0.5, 1);

    await embedded.catchUp();
    const scored = await embedded.service.score(request('d1', Date.now()), 'egreedy-v3');
    expect(scored.model).toEqual({ updates: 0, theta: theta.map(({ value }) => value), prior: document!.control_id });
    expect(scored.ranking[0]).toMatchObject({ tip_id: 'd1-true' });
    // Before it nobody started from it, and under egreedy-v1 nobody does.
    expect((await embedded.service.score(request('d0', START_MS), 'egreedy-v3')).model.prior).toBeUndefined();
    expect((await embedded.service.score(request('d2', Date.now()))).model.prior).toBeUndefined();
    await embedded.catchUp();
    const shadow = (await readHistory(embedded)).shadow.find(({ event }) => event.decision_id === 'd1')!.event;
    expect(shadow).toMatchObject({ policy: 'egreedy-v3-shadow', model: { updates: 0, prior: document!.control_id } });

    // What the newcomer teaches moves theta away from it, as the definition says.
    await embedded.produce('tip.served', { user_id: 'newcomer', tip_id: 'd1-false', decision_id: 'd1', served_at_ms: Date.now() });
    await embedded.produce('tip.feedback', { user_id: 'newcomer', tip_id: 'd1-false', action: 'done', reacted_at_ms: Date.now() + 1 });
    await embedded.catchUp();
    const { model } = await embedded.service.score(request('d3', Date.now() + 10), 'egreedy-v3');
    const x = scored.features.vectors['d1-false']!;
    const expected = oracleTheta(
      { g: x.map((a) => x.map((b) => a * b)), b: x },
      10,
      theta.map(({ value }) => value),
    );
    expect(model).toMatchObject({ updates: 1, prior: document!.control_id });
    expected.forEach((entry, i) => expect(Math.abs(model.theta[i]! - entry)).toBeLessThan(1e-9));
    const stats = await embedded.service.policyStats('egreedy-v3', 'newcomer');
    expect(stats.user).toMatchObject({ updates: 1, prior: document!.control_id });
    expect((await embedded.service.policies()).priors).toMatchObject([
      { policy: 'egreedy-v3', control_id: document!.control_id, stale: false },
    ]);
    await embedded.catchUp();
    await embedded.stop();
    expect(await run('verify')).toMatchObject({ code: 0 });
  });

  it('is replaced by the next, stale once reactions are worth something else, and taken away by --off', async () => {
    const effective = new Date(START_MS + DAY_MS).toISOString();
    const back = await prior('--effective-at', effective, '--reason', 'a test');
    expect(back).toMatchObject({
      code: 64,
      document: { error: { message: expect.stringContaining('may not be fitted on decisions up to') as string } },
    });
    const estimate = (await prior('--dry-run')).document!.estimated_lambda;
    const asked = await prior('--dry-run', '--lambda', 'estimated');
    if (estimate >= 3 && estimate <= 30) expect(asked.document!.lambda).toBeCloseTo(estimate, 6);
    else expect(asked.document!.error!.message).toContain('is not from 3 to 30');

    const first = (await prior()).document!;
    const second = await prior('--lambda', '3');
    expect(second).toMatchObject({ code: 0, document: { replaces: first.control_id, lambda: 3 } });
    const list = async () => JSON.parse((await run('policies', 'list', '--json')).stdout) as { priors: object[] };
    expect((await list()).priors).toMatchObject([{ control_id: second.document!.control_id, lambda: 3, stale: false }]);
    expect((await run('policies', 'list')).stdout).toMatch(/egreedy-v3 +18 +- +- +lambda 3 +lambda 10, epsilon 0.1/);

    const configured = await run('policies', 'configure', '--rewards', 'snooze=0.5');
    expect(configured.stderr).toContain(`the prior ${second.document!.control_id!} of egreedy-v3 is for what reactions were worth before`);
    expect((await list()).priors).toMatchObject([{ stale: true }]);
    await embedded.catchUp();
    expect((await embedded.service.score(request('d1', Date.now() + 1), 'egreedy-v3')).model.prior).toBeUndefined();
    // Decisions with the former rewards are none to fit on.
    const refused = await prior();
    expect(refused).toMatchObject({ code: 2, document: { error: { message: 'a prior cannot be fitted on 0 users and 0 rewards' } } });
    expect(refused.stderr).toContain('5100 rewarded decisions do not count: reactions were worth something else when they were made');

    expect(await prior('--off')).toMatchObject({ code: 0, document: { replaces: second.document!.control_id, off: true } });
    expect((await list()).priors).toEqual([]);
    expect((await run('policies', 'prior', 'egreedy-v3', '--off')).stdout).toBe('nothing to do: egreedy-v3 has no prior\n');
    expect((await run('policies', 'history')).stdout).toContain('{"prior":{"policy":"egreedy-v3","off":true}}');
  });
});

it('refuses too few, and says how many are missing', async () => {
  await embedded.start();
  await world(40, 40 * 10);
  await embedded.catchUp();
  const refused = await run('policies', 'prior', 'egreedy-v3');
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain('a prior cannot be fitted on 40 users and 400 rewards');
  expect(refused.stderr).toContain('Missing: 60 more users with at least 5 rewards and 4600 more rewards.');
  expect(await run('policies', 'prior', 'linucb')).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('linucb takes no prior') as string,
  });
  expect(await run('policies', 'prior', 'egreedy-v3', '--lambda', '40')).toMatchObject({ code: 64 });
});

it('that is for other vectors is refused where a producer checks it, and is a dead letter where none does', async () => {
  await embedded.start();
  const wrong = { policy: 'egreedy-v3', theta: V3.featureNames.map(() => 0), vectors: '00' };
  const why = /settings.prior: it was fitted for the vectors 00, and those of egreedy-v3 here are/;
  const event = { control_id: 'p1', type: 'configure' as const, settings: { prior: wrong }, effective_at_ms: START_MS };
  await expect(createProducer(embedded.log).send('policy.control', event)).rejects.toThrow(why);
  await embedded.produce('policy.control', event);
  await embedded.catchUp();
  const [letter] = await embedded.records('policy.control-dlt');
  expect(new Map(letter!.headers).get('__dlq.errors.message')!.toString()).toMatch(why);
  expect((await embedded.service.score(request('d1', Date.now()), 'egreedy-v3')).model.prior).toBeUndefined();
});
