/** The set `activity` by command: the digest of both sets is the oracles', and a state moves over by a rebuild, and back. */
import { afterAll, describe, expect, it } from 'vitest';
import { ACTIVITY, activityDigest, activityLines, ndjson, TIMES } from '../support/activity-lines.js';
import { CliWorkspace, type Finished } from '../support/cli-process.js';

const workspace = new CliWorkspace();
afterAll(() => workspace.dispose());
const run = async (...args: readonly string[]): Promise<Finished> => workspace.run(args);
const caughtUp = ['start', '--until-caught-up', '--no-http', '--log-level', 'error'] as const;
const lines = activityLines(3);
const candidates = [{ tip_id: 'c1', is_overdue: true, task_age_days: 2, priority: 3 }];
const request = { decision_id: 'd1', user_id: 'user-1', requested_at_ms: TIMES[1], candidates };

async function digestAt(asOfMs: number, ...args: readonly string[]): Promise<string> {
  const { stdout, code } = await run('digest', '--as-of', String(asOfMs), '--json', ...args);
  expect(code).toBe(0);
  return (JSON.parse(stdout) as { digest: string }).digest;
}

describe('sessions and signals', () => {
  it('are folded with --features core,activity, with the digest of the oracles', async () => {
    const produced = await workspace.run(['produce', '-', '--data', 'with', ...ACTIVITY], {
      input: `${ndjson(lines)}${JSON.stringify({ topic: 'tip.candidates', value: request })}\n`,
    });
    expect(produced).toMatchObject({ code: 0 });
    expect(await run(...caughtUp, '--data', 'with', ...ACTIVITY)).toMatchObject({ code: 0 });
    for (const asOfMs of TIMES) expect(await digestAt(asOfMs, '--data', 'with', ...ACTIVITY)).toBe(activityDigest(lines, asOfMs));
    expect(await run('verify', '--as-of', String(TIMES[1]), '--data', 'with', ...ACTIVITY)).toMatchObject({ code: 0 });
  });

  it('are in decisions: skew compares all of them, and leaves none out', async () => {
    const { stdout, code } = await run('quality', 'skew', '--json', '--data', 'with', ...ACTIVITY);
    const skew = JSON.parse(stdout) as { unproven_features: string[] };
    expect([code, skew]).toMatchObject([0, { compared: 1, differing: 0 }]);
    expect(skew.unproven_features).toEqual([]);
  });

  it('say which source is the stalest where people read', async () => {
    const { stdout } = await run('profile', 'user-1', '--as-of', String(TIMES[1]), '--data', 'with', ...ACTIVITY);
    const ages = JSON.parse(/^signal_age_ms_by_source +(\{.*\})$/m.exec(stdout)![1]!) as Record<string, number>;
    const [name, age] = Object.entries(ages).sort(([, a], [, b]) => b - a)[0]!;
    expect(stdout).toContain(`Stalest source: ${name}, ${Math.round(age / 8_640_000) / 10} d.`);
  });

  it('are refused by commands that were told of other features, until a rebuild moves the state over, and back', async () => {
    const args = ['digest', '--as-of', String(TIMES[0]), '--json', '--data', 'with'];
    const refused = await run(...args);
    expect(refused.code).toBe(1);
    expect((JSON.parse(refused.stdout) as { error: { code: string } }).error.code).toBe('state_mismatch');
    expect(refused.stderr + refused.stdout).toContain('--features core,activity');

    expect(await run('rebuild', '--data', 'with')).toMatchObject({ code: 0 });
    expect(await run(...args)).toMatchObject({ code: 0 });
    expect((await run(...args, ...ACTIVITY)).code).toBe(1);
    expect(await run('rebuild', '--data', 'with', ...ACTIVITY)).toMatchObject({ code: 0 });
    for (const asOfMs of TIMES) expect(await digestAt(asOfMs, '--data', 'with', ...ACTIVITY)).toBe(activityDigest(lines, asOfMs));
    // Objects are compared by what they hold.
    const again = await run('rebuild', '--dry-run', '--json', '--data', 'with', ...ACTIVITY);
    expect([again.code, JSON.parse(again.stdout.trim().split('\n').at(-1)!)]).toMatchObject([0, { done: true, changed_users: 0 }]);
  });

  it('are refused where their topic is missing, with the option that makes it', async () => {
    const input = ndjson([{ topic: 'signal.synced', value: { user_id: 'ann', source: 'mail', synced_at_ms: 1_000 } }]);
    expect(await workspace.run(['produce', '-', '--data', 'without-topics'], { input })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/there is no topic signal\.synced .*\nhint: .*--features core,activity/) as string,
    });
  });

  it('that nothing folds are named once: to who produces them, at the start of the service, and by status', async () => {
    const data = ['--data', 'unfolded'];
    expect(await run('topics', 'create', ...data, ...ACTIVITY)).toMatchObject({ code: 0 });
    const events = ['a', 'b', 'c'].map((id) => ({ user_id: 'ann', session_id: id, started_at_ms: 1_000, ended_at_ms: 2_000 }));
    const input = ndjson(events.map((value) => ({ topic: 'app.session', value })));
    const produced = await workspace.run(['produce', '-', ...data], { input });
    const noted = 'app.session: 3 events written; only a service with --features core,activity folds them';
    expect([produced.code, produced.stderr.split(noted).length]).toEqual([0, 2]);
    expect((await workspace.run(['produce', '-', ...data, ...ACTIVITY], { input })).stderr).not.toContain('folds them');

    const warned = '"msg":"app.session holds events that this service does not fold"';
    const started = await run('start', '--until-caught-up', '--no-http', '--log-level', 'warn', ...data);
    expect([started.code, started.stderr.split(warned).length]).toEqual([0, 2]);
    expect(started.stderr).toMatch(/"records":6,"hint":"[^"]*tipstream rebuild --features core,activity/);
    expect((await run('status', ...data)).stdout).toContain('app.session holds 6 events that only --features core,activity folds');

    expect(await run('rebuild', ...data, ...ACTIVITY)).toMatchObject({ code: 0 });
    expect((await run('start', '--until-caught-up', '--no-http', '--log-level', 'warn', ...data, ...ACTIVITY)).stderr).not.toContain(
      warned,
    );
    expect((await run('status', ...data, ...ACTIVITY)).stdout).not.toContain('folds');
  });
});
