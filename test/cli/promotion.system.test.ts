/** promote, rollback and policies while `start` answers: the next decisions are made by whoever is live then. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliWorkspace, until } from '../support/cli-process.js';

const cli = new CliWorkspace();
afterAll(() => cli.dispose());
let address = '';

beforeAll(async () => {
  ({ address } = await cli.serve());
});

async function decider(user = 'ana', decisionId?: string): Promise<string> {
  const body = {
    user_id: user,
    ...(decisionId === undefined ? {} : { decision_id: decisionId }),
    candidates: [
      { tip_id: 'a', is_overdue: true, task_age_days: 1, priority: 3 },
      { tip_id: 'b', is_overdue: false, task_age_days: 9, priority: 1 },
    ],
  };
  const answer = await fetch(`${address}/score`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  return ((await answer.json()) as { policy: string }).policy;
}
const list = async () =>
  JSON.parse((await cli.run(['policies', 'list', '--json'])).stdout) as {
    shares: { policy: string; percent: number }[];
    settings: { shadow: string | null };
  };

describe('who is live', () => {
  it('cannot be changed without evidence, or with evidence that does not allow it', async () => {
    expect(await cli.run(['promote', 'egreedy-v2'])).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/needs --evidence FILE, or --force/) as string,
    });
    expect(await cli.run(['promote', 'egreedy-v2', '--force'])).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/--force needs a --reason/) as string,
    });
    await decider('ana', 'd1');
    const { code, stdout } = await cli.run(['evaluate', '--policy', 'egreedy-v2', '--json']);
    expect(code).toBe(2);
    writeFileSync(join(cli.directory, 'verdict.json'), stdout);
    expect(JSON.parse(stdout)).toMatchObject({
      policy: 'egreedy-v2',
      verdict: 'UNEVALUABLE',
      decisions: 1,
      decided_by: { 'egreedy-v1': 1 },
    });
    expect(await cli.run(['promote', 'egreedy-v2', '--evidence', 'verdict.json'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/does not allow promoting egreedy-v2: its verdict is UNEVALUABLE/) as string,
    });
    expect(await decider()).toBe('egreedy-v1');
  });

  it('goes over to the promoted policy, share by share, and back with one command', async () => {
    expect(await decider()).toBe('egreedy-v1');
    interface Promoted {
      readonly control_id: string;
      readonly rollout_id: string;
    }
    const users = Array.from({ length: 200 }, (_, i) => `user-${i}`);
    const part = await cli.run(['promote', 'egreedy-v2', '--force', '--reason', 'a test', '--percent', '20', '--json']);
    const { control_id: first, rollout_id: rolloutId } = JSON.parse(part.stdout) as Promoted;
    expect(rolloutId).toBe(first);
    const shares = async () => (await Promise.all(users.map((user) => decider(user)))).filter((policy) => policy === 'egreedy-v2').length;
    await until('some users to be decided by v2', async () => (await shares()) > 0);
    const tenth = await shares();
    expect(tenth).toBeGreaterThan(15);
    expect(tenth).toBeLessThan(70);
    expect(await shares()).toBe(tenth);

    const { stdout } = await cli.run(['promote', 'egreedy-v2', '--force', '--reason', 'all of them', '--holdout', '0', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      policy: 'egreedy-v2',
      rollout_id: first,
      percent: 100,
      former_policy: 'egreedy-v1',
      shadow: 'egreedy-v1',
      forced: true,
    });
    await until('v2 to decide for all', async () => (await shares()) === users.length);
    expect(await list()).toMatchObject({ shares: [{ policy: 'egreedy-v2', percent: 100 }], settings: { shadow: 'egreedy-v1' } });
    expect(await cli.run(['promote', 'egreedy-v2', '--force', '--reason', 'again', '--holdout', '0'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/live for 100 percent of the users already/) as string,
    });

    const rolledBack = await cli.run(['rollback', '--reason', 'a test', '--json']);
    expect(JSON.parse(rolledBack.stdout)).toMatchObject({ rolled_back: 'egreedy-v2', live: 'egreedy-v2' });
    expect(JSON.parse(rolledBack.stdout)).toMatchObject({
      shares: [
        { policy: 'egreedy-v2', percent: 20 },
        { policy: 'egreedy-v1', percent: 80 },
      ],
    });
    expect(rolledBack.stderr).toBe('');
    expect((await list()).settings.shadow).toBe('egreedy-v1');
    expect(await cli.run(['rollback'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^egreedy-v2 is rolled back; egreedy-v1 decides from /) as string,
      stderr: '',
    });
    await until('v1 to decide for all', async () => (await shares()) === 0);
    expect(await cli.run(['rollback'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/nothing to roll back/) as string });

    const history = JSON.parse((await cli.run(['policies', 'history', '--json'])).stdout) as { type: string; reason?: string }[];
    expect(history.filter(({ type }) => type !== 'configure').map(({ type }) => type)).toEqual([
      'rollback',
      'rollback',
      'promote',
      'promote',
    ]);
    expect(history.map(({ reason }) => reason)).toContain('all of them');
    expect((await cli.run(['policies', 'list'])).stdout).toMatch(/^egreedy-v1 +7 +100 %/m);
  });

  it('goes all the way back at once, and whoever had the most users becomes the shadow', async () => {
    for (const [policy, percent] of [
      ['linucb', '10'],
      ['egreedy-v2', '5'],
      ['egreedy-v2', '30'],
    ])
      await cli.run(['promote', policy!, '--force', '--reason', 'a test', '--percent', percent!]);
    expect(
      JSON.parse((await cli.run(['promote', 'random', '--force', '--reason', 'a test', '--holdout', '0', '--json'])).stdout),
    ).toMatchObject({
      former_policy: 'egreedy-v1',
      shadow: 'egreedy-v1',
    });
    expect(await cli.run(['rollback'])).toMatchObject({
      stdout: expect.stringMatching(
        /^random is rolled back; egreedy-v2 for 30 percent of the users, linucb for 7 .*, egreedy-v1 for 63 percent of the users decides/,
      ) as string,
      stderr: expect.stringMatching(/rollback --all takes back all/) as string,
    });
    expect((await list()).settings.shadow).toBe('random');
    expect(JSON.parse((await cli.run(['rollback', '--all', '--json'])).stdout)).toMatchObject({
      control_ids: { length: 3 },
      live: 'egreedy-v1',
      shares: [{ policy: 'egreedy-v1', percent: 100 }],
    });
    await until('v1 to decide for all', async () => (await decider()) === 'egreedy-v1');
  });

  it('names the promote that is still to come when it is rolled back, and takes it back as it comes', async () => {
    const at = new Date(Date.now() + 3_600_000).toISOString();
    expect(await cli.run(['promote', 'egreedy-v2', '--force', '--reason', 'a test', '--effective-at', at])).toMatchObject({ code: 0 });
    expect(await cli.run(['rollback'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        `egreedy-v2 goes live at ${at} all the same. Take that back with \`tipstream rollback --effective-at ${at}\`.`,
      ) as string,
    });
    expect(await cli.run(['rollback', '--effective-at', at])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`egreedy-v1 decides from ${at} on`) as string,
    });
    expect(await cli.run(['rollback'])).toMatchObject({ code: 1, stderr: expect.not.stringContaining('all the same') as string });
  });

  it('goes by settings that are configured, from their time on', async () => {
    const configure = (...args: string[]) => cli.run(['policies', 'configure', ...args]);
    expect(await configure()).toMatchObject({ code: 64, stderr: expect.stringContaining('nothing to change') as string });
    for (const [option, text, says] of [
      ['--rewards', 'done=2', 'done must be a number from -1 to 1, not "2"'],
      ['--rewards', 'liked=1', '"liked=1" is not done=V, dismiss=V, snooze=V or window=DURATION'],
      ['--rewards', 'window=31d', 'of at most 30d, not "31d"'],
      ['--epsilon', '1.5', 'a number from 0 to 1, not "1.5"'],
      ['--shadow', 'egreedy-v9', 'no policy named "egreedy-v9"'],
    ] as const)
      expect((await configure(option, text)).stderr).toContain(says);
    expect(await configure('--rewards', 'dismiss=-0.3,window=3d', '--epsilon', '0.2', '--json')).toMatchObject({ code: 0 });
    expect((await list()).settings).toMatchObject({
      epsilon: 0.2,
      rewards: { done: 1, dismiss: -77 / 256, snooze: 0, window_ms: 3 * 86_400_000 },
    });
    await until('the service to go by them', async () => {
      const policies = (await (await fetch(`${address}/v1/policies`)).json()) as { settings: { rewards: { dismiss: number } } };
      return policies.settings.rewards.dismiss === -77 / 256;
    });
  });
});
