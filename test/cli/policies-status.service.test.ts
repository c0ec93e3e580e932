/** `policies status` along the way of a policy: nothing, a shadow, a rollout that gains, loses or cannot be compared, and no log. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateCommand } from '../../src/cli/commands/evaluate.js';
import { policiesFamily } from '../../src/cli/commands/policies/policies.js';
import { promoteCommand } from '../../src/cli/commands/promote.js';
import { topicsFamily } from '../../src/cli/commands/topics/topics.js';
import type { PolicyStatus } from '../../src/cli/evaluation/policy-status.js';
import { policyNamed } from '../../src/policies/registry.js';
import { vectorFingerprint } from '../../src/policies/vector-fingerprint.js';
import { defaultRegistry } from '../../src/projections/registry.js';
import type { ControlEvent } from '../../src/topics.js';
import { runCommand, type Answered } from '../support/cli-in-process.js';
import { embeddedService, newDirectory } from '../support/embedded/directory.js';
import { appendRollout, type RolloutWorld } from '../support/embedded/rollout-world.js';

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
const NOW_MS = Date.now();
const PROMOTED_MS = NOW_MS - 2 * DAY_MS;
const COMMANDS = [topicsFamily, evaluateCommand, promoteCommand, policiesFamily];
const run = (data: string, ...argv: string[]): Promise<Answered> => runCommand(COMMANDS, [...argv, '--data', data]);

async function status(data: string, ...words: string[]): Promise<PolicyStatus & { readonly code: number }> {
  const { code, stdout, stderr } = await run(data, 'policies', 'status', ...words, '--json');
  expect(stderr).toBe('');
  return { ...(JSON.parse(stdout) as PolicyStatus), code };
}

const promote = (over: Partial<ControlEvent> = {}): ControlEvent => ({
  control_id: 'p1',
  type: 'promote',
  effective_at_ms: PROMOTED_MS,
  policy: 'egreedy-v2',
  percent: 50,
  rollout_id: 'p1',
  evidence: { forced: true },
  ...over,
});

async function lived(gain: number, world: Partial<RolloutWorld> = {}): Promise<string> {
  const embedded = await embeddedService({ registry: defaultRegistry, publishProfiles: false });
  await appendRollout(embedded, {
    controls: [promote()],
    users: 160,
    fromMs: NOW_MS - 4 * DAY_MS,
    toMs: NOW_MS,
    everyMs: 8 * HOUR_MS,
    chance: (policy, inclination) => 0.2 + 0.4 * inclination + (policy === 'egreedy-v2' ? gain : 0),
    ...world,
  });
  await embedded.catchUp();
  await embedded.stop();
  return embedded.directory;
}

describe('policies status', () => {
  it('says how the rollout stands that gains, and the commands for its next step work', async () => {
    const data = await lived(0.3);
    const { code, stdout } = await run(data, 'policies', 'status');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^egreedy-v2 is live for 50 % of the users, since .*, rollout p1\negreedy-v1 is live for 50 % of the users\n/);
    expect(stdout).toMatch(/^epsilon 0\.1, salt 0; rewards: done 1, dismiss 0, snooze 0 within 7 days; the newest change was at /m);
    expect(stdout).toMatch(/^egreedy-v2 +93 +\d+ +0\.\d+ +\d\.\d+$/m);
    expect(stdout).toMatch(/^guardrail: the look of .*: P 1, and it acts about at 0\.\d+; the next look is due when events have come to /m);
    expect(stdout).toMatch(/; no service runs on this data, so nobody acts$/m);
    expect(stdout).toMatch(/^egreedy-v2 +50 +no evidence, forced +- +stands +p1$/m);
    const found = await status(data);
    expect(found).toMatchObject({
      code: 0,
      service_runs: false,
      live: [
        { policy: 'egreedy-v2', percent: 50, rollout_id: 'p1', holdout: null, since_ms: PROMOTED_MS },
        { policy: 'egreedy-v1', percent: 50, rollout_id: null, holdout: null, since_ms: null },
      ],
      settings: { epsilon: 0.1, shadow: null, rewards: { done: 1 } },
      changed_at_ms: PROMOTED_MS,
      rollouts: [{ rollout_id: 'p1', verdict: 'PROMOTE', shown: 'gain', next_look_ms: PROMOTED_MS + 2 * DAY_MS + 6 * HOUR_MS }],
      verdicts: [{ control_id: 'p1', forced: true, effect: 'stands', hash: null, age_ms: null }],
      next: { what: 'raise egreedy-v2 to all users but a hold-out', missing: [] },
      could_not_tell: [],
    });
    const [evaluate, raise] = found.next.commands;
    expect(evaluate).toBe(`npx tipstream evaluate --rollout p1 --json --data ${data} > rollout.json`);
    const document = await runCommand(COMMANDS, evaluate!.replace('npx tipstream ', '').replace(' > rollout.json', '').split(' '));
    const path = join(data, 'rollout.json');
    writeFileSync(path, document.stdout);

    expect((await status(data, '--evidence', path)).documents).toMatchObject([
      { file: path, policy: 'egreedy-v2', rollout_id: 'p1', verdict: 'PROMOTE', used_by: null, accepted: true, why: null },
    ]);
    const words = raise!.replace('npx tipstream ', '').replace('rollout.json', path).split(' ');
    expect(await runCommand(COMMANDS, words)).toMatchObject({ code: 0 });
    const after = await status(data, '--evidence', path);
    expect(after.documents[0]).toMatchObject({ accepted: false, used_by: after.verdicts[0]!.control_id });
    expect(after.documents[0]!.why).toMatch(/^it judges 50 percent of the users, and 6\d are covered$/);
    expect(after.verdicts[0]).toMatchObject({ rollout_id: 'p1', forced: false, percent: 100, effect: 'stands' });
    expect(after.live[0]!.holdout).toBeGreaterThan(20);
    // The state has not applied the promote yet, so nothing has been compared since.
    expect(after.next.what).toMatch(/^wait for the next look, when events have come to /);
    expect((await run(data, 'policies', 'status', '--evidence', path)).stdout).toMatch(
      /PROMOTE on egreedy-v2, \d+ s old, used by promote-\w+; promote does not take it: /,
    );
  });

  it('says to take back what loses, with exit code 2, and to wait for what nothing is shown of', async () => {
    const worse = await status(await lived(-0.3));
    expect(worse).toMatchObject({ code: 2, rollouts: [{ shown: 'loss' }], next: { what: 'take egreedy-v2 back', missing: [] } });
    expect(worse.next.commands).toEqual([expect.stringMatching(/^npx tipstream rollback --data /)]);
    const equal = await status(await lived(0));
    expect(equal).toMatchObject({ code: 0, rollouts: [{ shown: 'nothing' }] });
    expect(equal.next.missing).toEqual([expect.stringMatching(/^no gain is shown/)]);
  });

  it('begins with a shadow, goes on with a verdict on it, and counts what there is to judge it by', async () => {
    const data = await lived(0, { controls: [] });
    expect((await status(data)).next).toMatchObject({
      missing: ['no policy is in the shadow'],
      commands: [`npx tipstream policies configure --shadow egreedy-v2 --data ${data}`],
    });
    expect(await run(data, 'policies', 'configure', '--shadow', 'egreedy-v2')).toMatchObject({ code: 0 });
    const { next, settings } = await status(data);
    expect(settings.shadow).toBe('egreedy-v2');
    expect(next.what).toBe('judge egreedy-v2 on the decisions of egreedy-v1');
    expect(next.missing).toEqual([
      'no verdict on egreedy-v2 was given with --evidence',
      expect.stringMatching(/^egreedy-v1 has made 19\d\d decisions since the beginning, 19\d\d of them with a reward: /),
    ]);
    expect(next.commands).toHaveLength(3);
    const path = join(data, 'verdict.json');
    const { stdout } = await run(data, 'evaluate', '--policy', 'egreedy-v2', '--json');
    writeFileSync(path, stdout);
    const judged = await status(data, '--evidence', path);
    expect(judged.documents).toMatchObject([{ policy: 'egreedy-v2', rollout_id: null, accepted: false }]);
    expect(judged.next.missing[0]).toMatch(/verdict\.json: its verdict is /);
    expect(await run(data, 'policies', 'status', '--evidence', join(data, 'none.json'))).toMatchObject({ code: 1 });
    writeFileSync(path, '{}');
    expect(await run(data, 'policies', 'status', '--evidence', path)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('is not what `tipstream evaluate --json` prints') as string,
    });
  });

  it('names the prior that a policy starts from, and one that is stale', async () => {
    const policy = policyNamed('egreedy-v2');
    const prior = {
      policy: policy.name,
      theta: Array.from({ length: policy.dimension }, () => 0),
      lambda: 10,
      vectors: vectorFingerprint(policy),
    };
    const set = { control_id: 'c1', type: 'configure' as const, effective_at_ms: PROMOTED_MS - HOUR_MS, settings: { prior } };
    const data = await lived(0.3, { controls: [set, promote()] });
    expect(await status(data)).toMatchObject({ priors: [{ policy: 'egreedy-v2', control_id: 'c1', lambda: 10, stale: false }] });
    expect((await run(data, 'policies', 'status')).stdout).toContain('\negreedy-v2 starts from a prior, c1, with lambda 10\n');
    expect(JSON.parse((await run(data, 'evaluate', '--rollout', '--json')).stdout)).toMatchObject({
      verdict: 'PROMOTE',
      prior: 'c1',
      lambda: 10,
    });
    await run(data, 'policies', 'configure', '--rewards', 'dismiss=-1');
    expect((await run(data, 'policies', 'status')).stdout).toContain('the prior of egreedy-v2, c1, is stale');
  });

  it('goes by the state where the log is away, by the log where the state is, and says what it could not tell', async () => {
    const noLog = await lived(0.3);
    for (const name of ['log.db', 'log.db-wal', 'log.db-shm']) rmSync(join(noLog, name), { force: true });
    const byState = await status(noLog);
    expect(byState).toMatchObject({ code: 0, live: [{ policy: 'egreedy-v2', percent: 50 }, { policy: 'egreedy-v1' }] });
    expect(byState.rollouts).toMatchObject([{ verdict: 'PROMOTE' }]);
    expect(byState.could_not_tell).toEqual([expect.stringMatching(/^the log: .*; this goes by the controls that the state has applied$/)]);

    const noState = await lived(0.3);
    rmSync(join(noState, 'state'), { recursive: true });
    const byLog = await status(noState);
    expect(byLog).toMatchObject({ code: 0, live: [{ policy: 'egreedy-v2', percent: 50 }, { policy: 'egreedy-v1' }], rollouts: [] });
    expect(byLog.could_not_tell).toEqual([expect.stringMatching(/^what the state says: /), expect.stringMatching(/^the arms of p1: /)]);
    expect(byLog.next.what).toBe('find out how the arms of the rollout compare');
    expect((await run(noState, 'policies', 'status')).stdout).toMatch(/\ncould not tell:\n- what the state says: .*\n- the arms of p1: /);

    expect(await run(newDirectory(), 'policies', 'status')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: .*\[no_data\]/) as string,
    });
  });
});
