/** Of two who promote the same at once, or roll the same back, one is told that the other came first; and it is one step. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { policiesFamily } from '../../src/cli/commands/policies/policies.js';
import { promoteCommand } from '../../src/cli/commands/promote.js';
import { rollbackCommand } from '../../src/cli/commands/rollback.js';
import { topicsFamily } from '../../src/cli/commands/topics/topics.js';
import { runCommand } from '../support/cli-in-process.js';

const data = mkdtempSync(join(tmpdir(), 'tipstream-at-once-'));
afterAll(() => rmSync(data, { recursive: true }));

/** In one process, where two that begin together read the controls before either has written. */
const run = (words: readonly string[]) =>
  runCommand([topicsFamily, promoteCommand, rollbackCommand, policiesFamily], [...words, '--data', data]);

interface Answer {
  readonly control_id: string;
  readonly already: boolean;
  readonly taken_back_by?: string;
}
const both = async (...words: string[]) => {
  const runs = await Promise.all([run(words), run(words)]);
  return runs.map(({ code, stdout, stderr }) => ({ code, stderr, answer: JSON.parse(stdout) as Answer }));
};
const history = async () =>
  JSON.parse((await run(['policies', 'history', '--json'])).stdout) as { control_id: string; type: string; effect?: string }[];
const live = async () =>
  (JSON.parse((await run(['policies', 'list', '--json'])).stdout) as { shares: { policy: string; percent: number }[] }).shares.map(
    ({ policy, percent }) => `${policy} ${percent}`,
  );

it('promotes and rollbacks at once are one step each', async () => {
  expect(await run(['topics', 'create'])).toMatchObject({ code: 0 });
  expect(await run(['promote', 'egreedy-v2', '--force', '--reason', 'a test', '--percent', '10'])).toMatchObject({ code: 0 });

  const promoted = await both('promote', 'linucb', '--holdout', '0', '--force', '--reason', 'a test', '--json');
  const first = promoted.filter(({ code, answer }) => code === 0 && !answer.already);
  expect(first).toHaveLength(1);
  for (const { code, answer, stderr } of promoted.filter((one) => one !== first[0])) {
    // Refused, where the other's had been read already; recognised as the same, where it came in between.
    expect([0, 2]).toContain(code);
    if (code === 0) expect(answer).toMatchObject({ already: true, control_id: first[0]!.answer.control_id });
    expect(stderr).toMatch(/live for 100 percent of the users already|the same promote came first/);
  }
  expect((await live())[0]).toBe('linucb 100');

  const back = await both('rollback', '--json');
  expect(back.map(({ code }) => code)).toEqual([0, 0]);
  expect(back.map(({ answer: { already } }) => already).sort()).toEqual([false, true]);
  expect(new Set(back.map(({ answer: { taken_back_by: by } }) => by)).size).toBe(1);
  expect(back.find(({ answer: { already } }) => already)!.stderr).toMatch(/took promote-[0-9a-f]+ back at the same moment/);
  expect(await live()).toEqual(['egreedy-v2 10', 'egreedy-v1 90']);
  const effects = (await history()).filter(({ type }) => type === 'rollback').map(({ effect }) => effect);
  expect(effects.filter((effect) => effect === 'takes_back')).toHaveLength(1);
  const table = await run(['policies', 'history']);
  expect(table.stdout).toMatch(/EFFECT/);
  expect(table.stdout).toMatch(/taken back by rollback-/);
});
