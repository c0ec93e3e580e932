/** `tipstream policies card`: with what is there, and saying so of what is not. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CliWorkspace } from '../support/cli-process.js';

const cli = new CliWorkspace();
afterAll(() => cli.dispose());
const DECISIONS = 12;
const AT_MS = 1_793_600_000_000;
const events = Array.from({ length: DECISIONS }, (_, i) => [
  {
    topic: 'tip.candidates',
    value: {
      decision_id: `d${i}`,
      user_id: `u${i}`,
      requested_at_ms: AT_MS + i,
      candidates: [{ tip_id: 't', is_overdue: true, task_age_days: 1, priority: 2 }],
    },
  },
  { topic: 'tip.served', value: { tip_id: 't', user_id: `u${i}`, decision_id: `d${i}`, served_at_ms: AT_MS + i + 1, category: 'work' } },
  { topic: 'tip.feedback', value: { tip_id: 't', user_id: `u${i}`, action: i < 9 ? 'done' : 'dismiss', reacted_at_ms: AT_MS + i + 2 } },
]).flat();

describe('a card', () => {
  it('of a directory with nothing in it says so, and makes nothing there', async () => {
    const { code, stdout } = await cli.run(['policies', 'card', 'linucb']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# linucb\n/);
    expect(stdout).toContain('There is no state here');
    expect(stdout).toContain('There is no policy.control here.');
    expect(stdout).toContain('None was given: `npx tipstream policies card linucb --simulation FILE` takes');
    expect(existsSync(join(cli.directory, 'data'))).toBe(false);
  });

  it('has training data and rollout by itself, and the evidence it is given', async () => {
    await cli.run(['produce'], { input: events.map((event) => `${JSON.stringify(event)}\n`).join('') });
    await cli.run(['start', '--until-caught-up', '--no-http', '--log-level', 'error']);
    await cli.run(['promote', 'egreedy-v2', '--force', '--reason', 'agreed', '--percent', '20']);
    const bare = await cli.run(['policies', 'card', 'egreedy-v1']);
    expect(bare.code).toBe(0);
    expect(bare.stdout).toContain(
      `| it decided | ${DECISIONS} | ${DECISIONS} | ${DECISIONS} | 0.7500 | 2026-11-02T06:13:20.000Z | 2026-11-02T06:13:20.011Z |`,
    );
    const applied = /^\| tip\.feedback \| ([\d: ]+) \|$/m
      .exec(bare.stdout)![1]!
      .split(' ')
      .map((pair) => Number(pair.split(':')[1]));
    expect(applied.reduce((sum, next) => sum + next, 0)).toBe(DECISIONS);
    expect(bare.stdout).toMatch(/^\| \d{4}-[^|]* \| promote egreedy-v2 20 % \| 80 % \|  \| none, forced \| agreed \|/m);
    expect(bare.stdout).toContain('| the start |  | 100 % |');
    expect(bare.stdout).toContain('| epsilon | 0.1 | 0.1 |');

    writeFileSync(join(cli.directory, 'simulation.json'), (await cli.run(['simulate', '--users', '9', '--days', '5', '--json'])).stdout);
    writeFileSync(
      join(cli.directory, 'verdict.json'),
      (await cli.run(['evaluate', '--policy', 'egreedy-v2', '--simulation', 'simulation.json', '--json'])).stdout,
    );
    const args = ['policies', 'card', 'egreedy-v2', '--simulation', 'simulation.json', '--evaluation', 'verdict.json', '--out', 'card.md'];
    expect(await cli.run(args)).toMatchObject({ code: 0, stdout: '' });
    const full = readFileSync(join(cli.directory, 'card.md'), 'utf8');
    expect(full).toContain('9 simulated users over 5 days, seed 1');
    expect(full).toContain('Verdict, with a simulation: **UNEVALUABLE**');
    expect(full).toMatch(/^\| category \| work \| 12 \|/m);
    expect(full).not.toContain('None was given');
    expect(await cli.run(args)).toMatchObject({ code: 64, stderr: expect.stringMatching(/it exists/) as string });
  });

  it('can be of the definition alone', async () => {
    const { stdout } = await cli.run(['policies', 'card', 'egreedy-v1', '--no-training', '--no-rollout']);
    expect(stdout).toContain('The data directory was not looked into.');
    expect(stdout).toContain('policy.control was not read.');
  });

  it.each([
    ['another policy', ['linucb', '--evaluation', 'verdict.json'], /verdict\.json: is about egreedy-v2/],
    ['an older policy', ['egreedy-v2', '--evaluation', 'old.json'], /old\.json: egreedy-v2 has changed since/],
    ['other vectors', ['egreedy-v2', '--evaluation', 'vectors.json'], /vectors\.json: egreedy-v2 has changed since/],
    ['decisions of a file', ['egreedy-v2', '--evaluation', 'file.json'], /file\.json: policy: /],
    ['a verdict in place of a simulation', ['egreedy-v2', '--simulation', 'verdict.json'], /verdict\.json: seed: /],
  ])('refuses evidence on %s', async (_, args, message) => {
    const verdict = JSON.parse(readFileSync(join(cli.directory, 'verdict.json'), 'utf8')) as object;
    writeFileSync(join(cli.directory, 'old.json'), JSON.stringify({ ...verdict, policy_hash: '0123456789abcdef' }));
    writeFileSync(join(cli.directory, 'vectors.json'), JSON.stringify({ ...verdict, vectors: '0123456789abcdef' }));
    writeFileSync(
      join(cli.directory, 'file.json'),
      (await cli.run(['evaluate', '-', '--json'], { input: '{"decision_id":"a","reward":1,"logged_propensity":1,"new_propensity":1}\n' }))
        .stdout,
    );
    expect(await cli.run(['policies', 'card', ...args])).toMatchObject({
      code: 64,
      stdout: '',
      stderr: expect.stringMatching(message) as string,
    });
  });
});
