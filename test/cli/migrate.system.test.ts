/**
 * policies migrate, as its user meets it: what it would do, the same scores at the moment of migration on a running service, training,
 * one user, completion and the way back.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqliteLog } from '../../src/log/sqlite/index.js';
import { CliWorkspace, records, until } from '../support/cli-process.js';

const cli = new CliWorkspace();
afterAll(() => cli.dispose());
const NOW = Date.now();
const USERS = ['ana', 'ben', 'cleo'];
const DECISIONS = 12;
let address = '';

/** Each user: decisions made by egreedy-v1, all served, two of three done. */
beforeAll(async () => {
  const candidates = (i: number) =>
    [0, 1, 2].map((k) => ({ tip_id: `t${i}-${k}`, is_overdue: (i + k) % 2 === 0, task_age_days: i + 3 * k, priority: 1 + ((i + k) % 4) }));
  const lines = USERS.flatMap((user_id) =>
    Array.from({ length: DECISIONS }, (_, i) => {
      const at = NOW - (DECISIONS - i) * 3_600_000 - 60_000;
      return [
        { topic: 'tip.candidates', value: { user_id, decision_id: `d${i}`, requested_at_ms: at, candidates: candidates(i) } },
        { topic: 'tip.served', value: { user_id, tip_id: `t${i}-${i % 3}`, decision_id: `d${i}`, served_at_ms: at + 1_000 } },
        {
          topic: 'tip.feedback',
          value: {
            user_id,
            tip_id: `t${i}-${i % 3}`,
            action: i % 3 === 2 ? 'dismiss' : 'done',
            reacted_at_ms: at + 60_000 * (1 + (i % 5)),
          },
        },
      ];
    }).flat(),
  );
  expect(await cli.run(['topics', 'create'])).toMatchObject({ code: 0 });
  expect(await cli.run(['produce', '-'], { input: lines.map((line) => JSON.stringify(line)).join('\n') })).toMatchObject({ code: 0 });
  expect(await cli.run(['start', '--no-http', '--until-caught-up'])).toMatchObject({ code: 0 });
});

interface Document {
  readonly control_id: string | null;
  readonly already: boolean;
  readonly completed_partitions: number;
  readonly report: {
    readonly users: number;
    readonly after_updates: number;
    readonly before_updates: number;
    readonly compared_decisions: number;
    readonly max_score_difference: number;
  };
}
async function migrate(...args: string[]): Promise<Document> {
  const { code, stdout, stderr } = await cli.run(['policies', 'migrate', 'egreedy-v1', 'egreedy-v2', ...args, '--json']);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Document;
}

async function start(): Promise<() => Promise<void>> {
  const served = await cli.serve();
  address = served.address;
  return () => served.stop();
}
const candidates = [
  { tip_id: 'a', is_overdue: true, task_age_days: 1, priority: 3 },
  { tip_id: 'b', is_overdue: false, task_age_days: 9, priority: 1 },
  { tip_id: 'c', is_overdue: true, task_age_days: 20, priority: 4 },
];
async function scores(version: 'v1' | 'v2', user_id: string): Promise<{ ranking: object[]; model: { updates: number } }> {
  const answer = await fetch(`${address}/score/egreedy/${version}`, {
    method: 'POST',
    body: JSON.stringify({ user_id, candidates }),
    headers: { 'content-type': 'application/json' },
  });
  return (await answer.json()) as { ranking: object[]; model: { updates: number } };
}
const stats = async (user: string) =>
  (await (await fetch(`${address}/stats/egreedy/v2?user_id=${user}`)).json()) as { user: { updates: number; migration: object | null } };

describe('policies migrate', () => {
  it('says what it would do, and does nothing, when asked to', async () => {
    const { control_id, report } = await migrate('--dry-run');
    expect(control_id).toBeNull();
    expect(report).toEqual({
      users: 3,
      from_updates: 36,
      before_updates: 0,
      after_updates: 36,
      compared_decisions: 30,
      changed_choices: 0,
      max_score_difference: 0,
      partitions_missing: [],
    });
    const trained = await migrate('--dry-run', '--train-from-replay');
    expect(trained.report).toMatchObject({ users: 3, after_updates: 36 });
    expect(trained.report.max_score_difference).toBeGreaterThan(0);
    expect(JSON.parse((await cli.run(['policies', 'history', '--json'])).stdout)).toEqual([]);
  });

  it('refuses what cannot be, and says what can', async () => {
    const run = (...args: string[]) => cli.run(['policies', 'migrate', ...args]);
    expect(await run('egreedy-v2', 'egreedy-v1')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('egreedy-v2 cannot be migrated to egreedy-v1: egreedy-v1 can only continue from random') as string,
    });
    expect(await run('egreedy-v1', 'egreedy-v9')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('Choose one of random, egreedy-v1, egreedy-v2,') as string,
    });
    expect(await run('egreedy-v1', 'egreedy-v2', '--undo')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is nothing to take back') as string,
    });
    expect(await run('egreedy-v1')).toMatchObject({ code: 64 });
  });

  it('makes nothing on a dry run, and takes no user_id that cannot be', async () => {
    expect(await cli.run(['policies', 'migrate', 'egreedy-v1', 'egreedy-v2', '--dry-run', '--data', 'elsewhere'])).toMatchObject({
      code: 1,
    });
    expect(existsSync(join(cli.directory, 'elsewhere'))).toBe(false);
    expect(await cli.run(['policies', 'migrate', 'egreedy-v1', 'egreedy-v2', '--dry-run', '--user', ''])).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('--user must be a user_id') as string,
    });
    expect(await cli.run(['policies', 'migrate', 'egreedy-v1', 'egreedy-v2', '--dry-run', '--user', 'nobody'])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('no rewarded decision of "nobody"') as string,
    });
    expect(await cli.run(['policies', 'migrate', 'egreedy-v1', 'egreedy-v2', '--undo', '--train-from-replay'])).toMatchObject({ code: 64 });
  });

  it('makes egreedy-v2 score what egreedy-v1 scores, on a running service, and is taken back', async () => {
    const stop = await start();
    expect((await scores('v2', 'ana')).model.updates).toBe(0);
    const { control_id } = await migrate();
    await until('the migration', async () => (await scores('v2', 'ana')).model.updates > 0);
    for (const user of USERS) expect((await scores('v2', user)).ranking).toEqual((await scores('v1', user)).ranking);
    expect((await scores('v1', 'ana')).model.updates).toBe(DECISIONS);
    expect((await stats('ana')).user).toMatchObject({ updates: DECISIONS, migration: { control_id, from: 'egreedy-v1', trained: false } });

    // What v1 learns from now on, v2 has too.
    await fetch(`${address}/score/egreedy/v1`, {
      method: 'POST',
      body: JSON.stringify({ user_id: 'ana', decision_id: 'new', candidates }),
      headers: { 'content-type': 'application/json' },
    });
    const at = Date.now();
    const event = (topic: string, value: object) => JSON.stringify({ topic, value: { user_id: 'ana', tip_id: 'a', ...value } });
    expect(
      await cli.run(['produce', '-'], {
        input: [
          event('tip.served', { decision_id: 'new', served_at_ms: at }),
          event('tip.feedback', { action: 'done', reacted_at_ms: at + 1 }),
        ].join('\n'),
      }),
    ).toMatchObject({ code: 0 });
    await until('the reward', async () => (await scores('v2', 'ana')).model.updates === DECISIONS + 1);
    expect((await scores('v2', 'ana')).ranking).toEqual((await scores('v1', 'ana')).ranking);

    expect(await migrate()).toMatchObject({ control_id, already: true, completed_partitions: 0 });
    await migrate('--undo');
    await until('the way back', async () => (await scores('v2', 'ana')).model.updates === 0);
    expect((await stats('ana')).user).toMatchObject({ updates: 0, migration: null });
    await stop();
    expect(await cli.run(['verify'])).toMatchObject({ code: 0 });
  });

  it('is for one user when asked to, trained from the log, with a line a user', async () => {
    expect(await migrate('--user', 'ben', '--train-from-replay', '--report', 'users.ndjson')).toMatchObject({
      user_id: 'ben',
      trained: true,
      report: { users: 1, after_updates: DECISIONS },
    });
    expect(records(readFileSync(join(cli.directory, 'users.ndjson'), 'utf8'))).toMatchObject([
      { user_id: 'ben', from_updates: DECISIONS, before_updates: 0, after_updates: DECISIONS, compared_decisions: 10 },
    ]);
    const stop = await start();
    await until('the migration', async () => (await scores('v2', 'ben')).model.updates === DECISIONS);
    expect((await scores('v2', 'ben')).ranking).not.toEqual((await scores('v1', 'ben')).ranking);
    expect((await scores('v2', 'ana')).model.updates).toBe(0);
    await stop();
  });

  it('is completed by asking again, where it was left half-written', async () => {
    const log = await openSqliteLog({ directory: join(cli.directory, 'data') });
    const half = { control_id: 'half', type: 'migrate', effective_at_ms: Date.now(), policy: 'egreedy-v2', from: 'egreedy-v1' };
    await log.append([{ topic: 'policy.control', partition: 2, key: null, value: Buffer.from(JSON.stringify(half)) }]);
    await log.close();
    expect(await migrate('--dry-run')).toMatchObject({ control_id: 'half', already: true, completed_partitions: 3 });
    expect(await migrate()).toMatchObject({ control_id: 'half', already: true, completed_partitions: 3 });
    expect(await migrate()).toMatchObject({ control_id: 'half', already: true, completed_partitions: 0 });
    const { stdout } = await cli.run(['policies', 'migrate', 'egreedy-v1', 'egreedy-v2']);
    expect(stdout).toMatch(/^nothing to do: egreedy-v2 continues from egreedy-v1 from /);
    expect(await cli.run(['start', '--no-http', '--until-caught-up'])).toMatchObject({ code: 0 });
    expect(await cli.run(['verify'])).toMatchObject({ code: 0 });
    expect(await cli.run(['rebuild'])).toMatchObject({ code: 0 });
  });

  it('goes by all that the log says, whether or not it is folded, and by nothing that is refused', async () => {
    await migrate('--train-from-replay');
    await migrate();
    expect(await migrate('--undo')).toMatchObject({ trained: false, report: { before_updates: 37, after_updates: 37 } });
    expect(await migrate('--train-from-replay')).toMatchObject({ already: true });
    const append = async (partitions: readonly number[], control: object) => {
      const log = await openSqliteLog({ directory: join(cli.directory, 'data') });
      await log.append(
        partitions.map((partition) => ({ topic: 'policy.control', partition, key: null, value: Buffer.from(JSON.stringify(control)) })),
      );
      await log.close();
    };
    await append([0, 1, 2, 3], {
      control_id: 'refused',
      type: 'migrate',
      effective_at_ms: Date.now(),
      policy: 'egreedy-v2',
      from: 'egreedy-v9',
      undo: true,
    });
    expect(await migrate('--train-from-replay')).toMatchObject({ already: true });

    // The trained one and 'half' stand. Both are taken back, the second by a producer that dies; ben's own stays.
    await migrate('--undo');
    await append([0], { control_id: 'half-undo', type: 'migrate', effective_at_ms: Date.now(), policy: 'egreedy-v2', undo: true });
    expect(await migrate('--undo')).toMatchObject({
      control_id: 'half-undo',
      already: true,
      completed_partitions: 3,
      report: { after_updates: DECISIONS },
    });
    expect(await cli.run(['policies', 'migrate', 'egreedy-v1', 'egreedy-v2', '--undo'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is nothing to take back') as string,
    });
  });
});
