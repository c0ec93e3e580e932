/** `tipstream policies prompts` and the prompt options of `start`, as a user runs them. */
import { afterAll, describe, expect, it } from 'vitest';
import { CliWorkspace, linesOf } from '../support/cli-process.js';

const NOW_MS = Date.now();
const DAY_MS = 86_400_000;
const workspace = new CliWorkspace();
afterAll(() => workspace.dispose());
const start = ['start', '--until-caught-up', '--no-http', '--log-level', 'error'];
const produce = (lines: readonly { topic: string; value: object }[]) =>
  workspace.run(['produce'], { input: lines.map((line) => `${JSON.stringify(line)}\n`).join('') });

interface Document {
  readonly against: string | null;
  readonly prompts: {
    prompt_version: string | null;
    served: number;
    rewarded: number;
    reward: { mean: number | null };
    missing_as_zero: { mean: number };
    difference: { reward: { mean: number } } | null;
  }[];
}

describe('policies prompts', () => {
  it('counts over all partitions what was served with which version', async () => {
    const users = Array.from({ length: 40 }, (_, i) => `user-${i}`);
    await produce(
      users.map((user_id) => ({
        topic: 'tip.candidates',
        value: {
          user_id,
          decision_id: 'd1',
          requested_at_ms: NOW_MS - 3 * DAY_MS,
          candidates: [{ tip_id: 't1', is_overdue: false, task_age_days: 1, priority: 2 }],
        },
      })),
    );
    const versions = ['v2', 'v1', 'mine', undefined];
    await produce(
      users.flatMap((user_id, i) => [
        {
          topic: 'tip.served',
          value: { user_id, tip_id: 't1', decision_id: 'd1', served_at_ms: NOW_MS - 2 * DAY_MS, prompt_version: versions[i % 4] },
        },
        // Served again, later, with another one.
        {
          topic: 'tip.served',
          value: { user_id, tip_id: 't1', decision_id: 'd1', served_at_ms: NOW_MS - DAY_MS, prompt_version: 'later' },
        },
        // No candidate of the decision.
        {
          topic: 'tip.served',
          value: { user_id, tip_id: 'other', decision_id: 'd1', served_at_ms: NOW_MS - 3 * DAY_MS, prompt_version: 'other' },
        },
        ...(i % 8 < 4
          ? [
              {
                topic: 'tip.feedback',
                value: { user_id, tip_id: 't1', action: i % 4 === 0 ? 'done' : 'dismiss', reacted_at_ms: NOW_MS - DAY_MS },
              },
            ]
          : []),
      ]),
    );
    expect(await workspace.run(start)).toMatchObject({ code: 0 });

    const { code, stdout } = await workspace.run(['policies', 'prompts', '--json']);
    expect(code).toBe(0);
    const { against, prompts } = JSON.parse(stdout) as Document;
    expect(against).toBe('v1');
    expect(
      prompts.map(({ prompt_version, served, rewarded, reward, missing_as_zero, difference }) => [
        prompt_version,
        served,
        rewarded,
        reward.mean,
        missing_as_zero.mean,
        difference?.reward.mean,
      ]),
    ).toEqual([
      ['mine', 10, 5, 0, 0, 0],
      ['v1', 10, 5, 0, 0, undefined],
      ['v2', 10, 5, 1, 0.5, 1],
      [null, 10, 5, 0, 0, undefined],
    ]);
    expect(
      (JSON.parse((await workspace.run(['policies', 'prompts', '--against', 'v2', '--json'])).stdout) as Document).prompts[1]!.difference!
        .reward.mean,
    ).toBe(-1);

    const table = (await workspace.run(['policies', 'prompts'])).stdout;
    expect(table).toMatch(/^PROMPT +SERVED +REWARDED +REWARD +95% +MISSING AS 0 +95%$/m);
    expect(table).toMatch(/^v2 +10 +5 +1\.0000 +0\.\d{4} to 1\.0000 +0\.5000 /m);
    expect(table).toMatch(/^\(none\) +10 +5 /m);
    expect(table).toMatch(/^LESS v1 +REWARD/m);
    expect(await workspace.run(['verify'])).toMatchObject({ code: 0 });
  });

  it('is what a running service answers, worker threads and all', async () => {
    const child = workspace.start(['start', '--http', '127.0.0.1:0', '--log-level', 'error']);
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    let address = '';
    for await (const line of linesOf(child.stderr)) {
      address = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? '';
      if (address !== '') break;
    }
    child.stderr.resume();
    await expect.poll(async () => (await fetch(`${address}/readyz`)).status, { timeout: 60_000 }).toBe(200);
    for (const [query, args] of [
      ['', []],
      ['?against=v2', ['--against', 'v2']],
    ] as const) {
      const { counted_at_ms: countedAtMs, ...answered } = (await (await fetch(`${address}/v1/prompts${query}`)).json()) as Document & {
        counted_at_ms: number;
      };
      const { counted_at_ms: _, ...printed } = JSON.parse(
        (await workspace.run(['policies', 'prompts', ...args, '--json'])).stdout,
      ) as Document & { counted_at_ms: number };
      expect(answered).toEqual(printed);
      expect(answered.prompts).toHaveLength(4);
      expect(countedAtMs).toBeGreaterThanOrEqual(NOW_MS);
    }
    const metrics = await (await fetch(`${address}/metrics`)).text();
    expect(metrics).toMatch(/^tipstream_policy_rewarded\{policy="egreedy-v1"\} 20$/m);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('says what was served when it is asked about another', async () => {
    expect(await workspace.run(['policies', 'prompts', '--against', 'v9'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /no decision was served with prompt version "v9"[\s\S]*Choose one of those that were served: mine, v1, v2\./,
      ) as string,
    });
  });

  it('shows examples in its help', async () => {
    expect((await workspace.run(['policies', 'prompts', '--help'])).stdout).toMatch(/Examples:\n +tipstream policies prompts /);
  });
});

it.each([
  ['--tip-prompt-version', 'v1,v9'],
  ['--default-prompt-version', 'v9'],
])('start refuses %s %s and lists the versions', async (option, value) => {
  expect(await workspace.run([...start, option, value])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/(?=[\s\S]*there is no prompt version named \\?"v9)[\s\S]*Choose one of v1, v2\./) as string,
  });
});
