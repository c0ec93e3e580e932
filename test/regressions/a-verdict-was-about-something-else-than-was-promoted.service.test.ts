/**
 * A verdict about a trained policy let an empty one go live; decisions from before the settings changed outvoted those since; a
 * simulation of other settings counted as evidence; and one verdict could be used for any number of promotions.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { evaluateCommand } from '../../src/cli/commands/evaluate.js';
import { policiesFamily } from '../../src/cli/commands/policies/policies.js';
import { promoteCommand } from '../../src/cli/commands/promote.js';
import { rollbackCommand } from '../../src/cli/commands/rollback.js';
import type { LoggedEvaluation } from '../../src/analysts/evaluate-logged.js';
import { migrationAt } from '../../src/policies/controls/migration.js';
import { policyHash } from '../../src/policies/policy-hash.js';
import { policyNamed } from '../../src/policies/registry.js';
import { createProducer } from '../../src/producer/producer.js';
import type { ControlEvent } from '../../src/topics.js';
import { runCommand } from '../support/cli-in-process.js';
import { embeddedService } from '../support/embedded/directory.js';
import { appendStretch } from '../support/embedded/logged-world.js';
import type { EmbeddedService } from '../support/embedded/service.js';
import { defaultRegistry } from '../../src/projections/registry.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** At midnight, so that the hours of the day have as many decisions whenever this runs. */
const START_MS = Math.floor(Date.now() / DAY_MS - 40) * DAY_MS;
const MINUTE_MS = 60_000;
let embedded: EmbeddedService;
beforeEach(async () => {
  embedded = await embeddedService({ registry: defaultRegistry });
});

const file = (name: string): string => join(embedded.directory, name);
const run = (...words: string[]) =>
  runCommand([evaluateCommand, promoteCommand, rollbackCommand, policiesFamily], [...words, '--data', embedded.directory]);
const simulation = (epsilon: number, candidates = 2): string => {
  const hashes = Object.fromEntries(['egreedy-v1', 'egreedy-v2'].map((name) => [name, policyHash(policyNamed(name))]));
  const comparison = { policy: 'egreedy-v2', against: 'egreedy-v1', persona: 'all', mean: 0.1, low: 0.05, high: 0.15 };
  const decay = { epsilon_min: null, epsilon_decay: null };
  const document = { users: 200, epsilon, ...decay, candidates, policy_hashes: hashes, comparisons: [comparison] };
  writeFileSync(file(`simulation-${epsilon}.json`), JSON.stringify(document));
  return file(`simulation-${epsilon}.json`);
};
async function evaluated(...words: string[]): Promise<LoggedEvaluation> {
  const { stdout } = await run('evaluate', '--policy', 'egreedy-v2', '--json', ...words);
  writeFileSync(file('verdict.json'), stdout);
  return JSON.parse(stdout) as LoggedEvaluation;
}
const promoted = (...words: string[]) => run('promote', 'egreedy-v2', '--evidence', file('verdict.json'), ...words);
const history = async () => JSON.parse((await run('policies', 'history', '--json')).stdout) as ControlEvent[];
const configure = (epsilon: number, atMs: number) =>
  createProducer(embedded.log).send('policy.control', {
    control_id: `epsilon-${epsilon}`,
    type: 'configure',
    settings: { epsilon },
    effective_at_ms: atMs,
  });

/** egreedy-v1 prefers what is not overdue, and people do what is. */
const GOOD = { epsilon: 0.5, prefersOverdue: false, chances: { overdue: 0.8, other: 0.3 }, everyMs: MINUTE_MS, fromMs: START_MS };

describe('of a log on which the trained policy is surely better', () => {
  beforeEach(async () => {
    await configure(0.5, START_MS);
    await appendStretch(embedded, { ...GOOD, decisions: 18 * 60 });
    await embedded.catchUp();
  });

  test('what was judged goes live: trained, once, and not at other settings', async () => {
    const verdict = await evaluated('--simulation', simulation(0.5));
    expect(verdict).toMatchObject({
      verdict: 'PROMOTE',
      trained: true,
      baseline: 'egreedy-v1',
      epsilon: 0.5,
      lambda: 1,
      salt: '0',
      since_ms: START_MS,
      simulation_hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      baseline_share: 1,
    });
    const answer = await promoted('--percent', '10', '--json');
    expect(answer.code).toBe(0);
    expect(JSON.parse(answer.stdout)).toMatchObject({ trained_from: 'egreedy-v1', forced: false });
    expect(answer.stderr).toMatch(/egreedy-v2 starts trained from what egreedy-v1 has decided, as it was judged/);
    const controls = await history();
    expect(controls.find(({ type }) => type === 'promote')!.evidence).toMatchObject({ hash: verdict.hash, trained: true });
    expect(migrationAt(controls, Date.now(), policyNamed('egreedy-v2'))).toMatchObject({ trained: true, from: { name: 'egreedy-v1' } });

    expect(await promoted()).toMatchObject({ code: 2, stderr: expect.stringMatching(/changed at/) as string });
    expect(await run('rollback')).toMatchObject({ code: 0 });
    expect(await promoted()).toMatchObject({ code: 2 });
  });

  test('one verdict is used once', async () => {
    const verdict = await evaluated('--simulation', simulation(0.5));
    await createProducer(embedded.log).send('policy.control', {
      control_id: 'p',
      type: 'promote',
      policy: 'egreedy-v2',
      effective_at_ms: Date.now() + 24 * HOUR_MS,
      evidence: { hash: verdict.hash },
    });
    expect(await promoted()).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/p was promoted with it: a verdict is used once/) as string,
    });
  });

  test('without the training only with a reason', async () => {
    await evaluated('--simulation', simulation(0.5));
    expect(await promoted('--from-scratch')).toMatchObject({ code: 64, stderr: expect.stringMatching(/needs a --reason/) as string });
    expect(await promoted('--from-scratch', '--reason', 'a test')).toMatchObject({ code: 0 });
    const controls = await history();
    expect(migrationAt(controls, Date.now(), policyNamed('egreedy-v2'))).toBeNull();
    expect(controls.find(({ type }) => type === 'promote')!.evidence).toMatchObject({ trained: true, from_scratch: true });
  });

  test('a segment of which nothing can be said holds it, until somebody accepts that', async () => {
    await appendStretch(embedded, { ...GOOD, decisions: 60, seed: 3, fromMs: START_MS + 18 * HOUR_MS });
    await embedded.catchUp();
    expect(await evaluated('--simulation', simulation(0.5))).toMatchObject({
      verdict: 'HOLD',
      risks: ['hour=evening'],
      verdict_with_risks: 'PROMOTE',
      reasons: [expect.stringMatching(/harm above 0.05 to the segment hour = evening cannot be excluded: .* in 60 decisions/)],
    });
    expect(await promoted()).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/accept what may happen: --accept-risk hour=evening --reason TEXT/) as string,
    });
    expect(await promoted('--accept-risk', 'hour=evening')).toMatchObject({ code: 64 });
    expect(await promoted('--accept-risk', 'hour=evening', '--reason', 'few are there then')).toMatchObject({ code: 0 });
    expect((await history()).find(({ type }) => type === 'promote')!.evidence).toMatchObject({ accepted_risks: ['hour=evening'] });
  });

  test('a simulation at another epsilon is no evidence', async () => {
    expect(await evaluated('--simulation', simulation(0.9))).toMatchObject({
      verdict: 'HOLD',
      reasons: [expect.stringMatching(/simulation was made at epsilon 0.9, and 0.5 is in effect/)],
    });
    expect(await evaluated('--simulation', simulation(0.5, 8))).toMatchObject({
      verdict: 'HOLD',
      reasons: [expect.stringMatching(/8 candidates a decision, where decisions here have 2 to 2/)],
    });
  });

  test('settings that changed after the verdict are refused', async () => {
    expect(await evaluated('--simulation', simulation(0.5))).toMatchObject({ verdict: 'PROMOTE' });
    await configure(0.1, Date.now());
    expect(await promoted()).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/made for epsilon 0.5, and 0.1 is in effect/) as string,
    });
  });
});

test('1,600 decisions at epsilon 0.9 do not outvote 480 at 0.1 on which the policy is worse', async () => {
  const changedAtMs = START_MS + 1_600 * MINUTE_MS;
  await configure(0.9, START_MS);
  await configure(0.1, changedAtMs);
  // What people do turns round, and the live policy has noticed.
  await appendStretch(embedded, { ...GOOD, decisions: 1_600, epsilon: 0.9, users: 60 });
  await appendStretch(embedded, {
    ...GOOD,
    decisions: 480,
    epsilon: 0.1,
    users: 60,
    seed: 2,
    fromMs: changedAtMs,
    chances: { overdue: 0.3, other: 0.5 },
  });
  await embedded.catchUp();
  const since = await evaluated('--simulation', simulation(0.1));
  expect(since).toMatchObject({ since_ms: changedAtMs, decisions: 480, epsilon: 0.1 });
  expect(since.difference.mean).toBeLessThan(-0.1);
  expect(since.verdict).not.toBe('PROMOTE');
  const whole = await evaluated('--simulation', simulation(0.1), '--since', String(START_MS));
  expect(whole).toMatchObject({ decisions: 2_080, set_aside: { 'made with other settings': 1_600 } });
  expect(whole.verdict).not.toBe('PROMOTE');
  expect(whole.difference.mean).toBeCloseTo(since.difference.mean!, 9);
});
