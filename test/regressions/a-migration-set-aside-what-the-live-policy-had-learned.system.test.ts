/** `policies migrate random egreedy-v1` lost what the live policy had learned, and a promote dated months back was taken: not a word. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliWorkspace, until } from '../support/cli-process.js';

const cli = new CliWorkspace();
afterAll(() => cli.dispose());
let address = '';
const TOKEN = 'owner-of-the-policies';
const AS_OWNER = { authorization: `Bearer ${TOKEN}` };
const post = (path: string, body: string, type = 'application/json') =>
  fetch(`${address}${path}`, { method: 'POST', body, headers: { 'content-type': type, ...AS_OWNER } });
const daysBack = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

beforeAll(async () => {
  ({ address } = await cli.serve('--http-token', TOKEN));
  const candidates = [{ tip_id: 't', is_overdue: true, task_age_days: 1, priority: 3 }];
  await post('/score', JSON.stringify({ user_id: 'ana', decision_id: 'd', candidates }));
  const served = { topic: 'tip.served', value: { tip_id: 't', user_id: 'ana', decision_id: 'd', served_at_ms: Date.now() } };
  await post('/v1/events', JSON.stringify(served), 'application/x-ndjson');
  await post('/reward/egreedy/v1', JSON.stringify({ user_id: 'ana', tip_id: 't', reward: 1 }));
  await until('egreedy-v1 to have learned', async () => {
    const stats = (await (await fetch(`${address}/stats/egreedy/v1?user_id=ana`, { headers: AS_OWNER })).json()) as {
      user?: { updates: number };
    };
    return stats.user?.updates === 1;
  });
});

describe('what a policy owner may have meant otherwise', () => {
  it('a migration that sets aside what the live policy has learned needs --force', async () => {
    expect(await cli.run(['policies', 'migrate', 'random', 'egreedy-v1', '--dry-run'])).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/that needs --force/) as string,
    });
    expect(await cli.run(['policies', 'migrate', 'random', 'egreedy-v1'])).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(
        /egreedy-v1 is live and would set aside what it has learned from 1 rewarded decisions[^]*--train-from-replay/,
      ) as string,
    });
    expect(JSON.parse((await cli.run(['policies', 'history', '--json'])).stdout)).toEqual([]);
    expect(await cli.run(['policies', 'migrate', 'egreedy-v1', 'egreedy-v2'])).toMatchObject({ code: 0 });
    expect(await cli.run(['policies', 'migrate', 'random', 'egreedy-v1', '--force'])).toMatchObject({ code: 0 });
  });

  it.each([
    ['rollback', '--effective-at', daysBack(2)],
    ['policies', 'migrate', 'egreedy-v1', 'egreedy-v2', '--train-from-replay', '--effective-at', daysBack(335)],
    ['promote', 'egreedy-v2', '--evidence', 'verdict.json', '--effective-at', daysBack(335)],
  ])('a control dated far back needs a reason: %s', async (...words) => {
    expect(await cli.run(words)).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/days back; a control that far back needs a reason/) as string,
    });
  });

  it('over HTTP too', async () => {
    const control = { control_id: 'p', type: 'promote', policy: 'egreedy-v2', effective_at_ms: Date.parse(daysBack(335)) };
    const send = async (value: object) => {
      const answer = await post('/v1/events', JSON.stringify({ topic: 'policy.control', value }), 'application/x-ndjson');
      return (await answer.json()) as { accepted: number; errors: { code: string; message: string }[] };
    };
    expect(await send(control)).toMatchObject({
      accepted: 0,
      errors: [{ code: 'invalid_event', message: expect.stringMatching(/is 335 days back; a control that far back needs/) as string }],
    });
    expect(await send({ ...control, reason: 'agreed' })).toMatchObject({ accepted: 1 });
  });
});
